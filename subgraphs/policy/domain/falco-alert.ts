import { isRecord, type JsonObject } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { clip } from "@soma/shared/json";

/** What Falco tells of one event, cut to what is kept of it. */
export interface FalcoAlert {
  rule: string;
  priority: string;
  output: string;
  hostname: string;
  source: string;
  /** As Falco says it, which counts nanoseconds. */
  time: string;
  tags: string[];
  fields: JsonObject;
}

const PRIORITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
const RULE_BYTES = 200;
const OUTPUT_BYTES = 8_192;
const WORD_BYTES = 256;
const VALUE_BYTES = 2_048;
const MAX_TAGS = 32;
const MAX_FIELDS = 64;

/**
 * Reads what Falco's `http_output` sends. What is no alert of Falco throws BAD_INPUT. What is too long is cut and not refused:
 * Falco does not send it again, and who attacks chooses the words of a command.
 */
export function parseFalcoAlert(input: unknown): FalcoAlert {
  if (!isRecord(input)) throw new SomaError("BAD_INPUT", "an alert of Falco is a JSON object");
  const priority = wordOf(input, "priority").toLowerCase();
  if (!PRIORITIES.includes(priority))
    throw new SomaError("BAD_INPUT", `the priority "${clip(priority, 80)}" of an alert is none of Falco's`);
  return {
    rule: clip(wordOf(input, "rule"), RULE_BYTES),
    priority,
    output: clip(wordOf(input, "output"), OUTPUT_BYTES),
    hostname: clip(textOf(input.hostname), WORD_BYTES),
    source: clip(textOf(input.source), WORD_BYTES),
    time: clip(textOf(input.time), WORD_BYTES),
    tags: tagsOf(input.tags),
    fields: fieldsOf(input.output_fields),
  };
}

function wordOf(input: Readonly<Record<string, unknown>>, name: string): string {
  const value = input[name];
  if (typeof value === "string" && value !== "") return value;
  throw new SomaError("BAD_INPUT", `an alert of Falco has a text as its ${name}; set json_output to true`);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function tagsOf(value: unknown): string[] {
  const tags = Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  return tags.slice(0, MAX_TAGS).map((each) => clip(each, WORD_BYTES));
}

function fieldsOf(value: unknown): JsonObject {
  const entries = isRecord(value) ? Object.entries(value).slice(0, MAX_FIELDS) : [];
  return Object.fromEntries(entries.map(([name, each]) => [clip(name, WORD_BYTES), toFieldValue(each)]));
}

/** Falco's fields are texts, numbers, truths or nothing; of anything else its JSON is kept. */
function toFieldValue(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  return clip(typeof value === "string" ? value : JSON.stringify(value), VALUE_BYTES);
}
