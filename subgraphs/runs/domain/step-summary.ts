import { isRecord, type Json } from "@soma/schemas/json";
import { clip } from "@soma/shared/json";
import { redact } from "@soma/shared/redact";

const MAX_BYTES = 1_024;
/** What is looked through for secrets; the rest would be cut off anyway. */
const MAX_READ_BYTES = 8 * MAX_BYTES;
/** Fields of an object that are told one by one; a state with more of them is told by their number. */
const MAX_FIELDS = 24;
/** Words of our own vocabulary, such as SUCCEEDED; what people write has no shape like this. */
const CONSTANT = /^[A-Z][A-Z0-9_]{1,30}$/;

/**
 * What agent.steps.v1 tells of a step's input or output: the line its node made, without secrets, else the shape of the
 * value. Texts of people, arguments and outputs never leave this way; at most 1 KB.
 */
export function toSummary(line: string | undefined, value: Json | undefined): string {
  return clip(line === undefined ? describeShape(value ?? null, 2) : redact(clip(line, MAX_READ_BYTES)), MAX_BYTES);
}

/** A value by its names, numbers and sizes: `{tool: 9 characters, allow: true, hits: 3 items}`. */
export function describeShape(value: Json, levels: number): string {
  if (typeof value === "string") return CONSTANT.test(value) ? value : `${value.length} characters`;
  if (Array.isArray(value)) return `${value.length} ${value.length === 1 ? "item" : "items"}`;
  if (!isRecord(value)) return String(value);
  const fields = Object.entries(value as { [name: string]: Json });
  if (levels === 0 || fields.length > MAX_FIELDS) return `${fields.length} fields`;
  return `{${fields.map(([name, item]) => `${clip(redact(clip(name, MAX_READ_BYTES)), 64)}: ${describeShape(item, levels - 1)}`).join(", ")}}`;
}
