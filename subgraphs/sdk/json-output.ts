import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import type { JsonOutput } from "./model-client.ts";
import { schemaFaults } from "./schema-faults.ts";

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** What an answer is to be, as plain JSON; throws for a name that servers refuse. */
export function toJsonOutput({ name, schema }: JsonOutput): JsonOutput & { schema: object } {
  if (!NAME.test(name)) throw new Error(`output name "${name}" is not 1 to 64 letters, digits, _ and -`);
  // Typebox keeps notes of its own on a schema; nothing but plain JSON leaves from here.
  return { name, schema: JSON.parse(JSON.stringify(schema)) as object };
}

/** How a model is asked for it: also in words, because a server may not take the schema, or not hold to it. */
export function describeOutput({ schema }: JsonOutput): string {
  return `Answer with one JSON object that fits this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`;
}

/** The value of an answer, or why there is none, as the model is told. */
export type ReadOutput = { isFit: true; value: unknown } | { isFit: false; fault: string };

/** Reads an answer that is to be JSON; a fence around it is no fault. */
export function readOutput(text: string, { schema }: JsonOutput & { schema: object }): ReadOutput {
  try {
    const value = parseExactJson(withoutFence(text.trim()));
    const faults = schemaFaults(schema, value, "the answer");
    return faults.length === 0 ? { isFit: true, value } : { isFit: false, fault: faults.join("; ") };
  } catch (error) {
    if (error instanceof RangeError) return { isFit: false, fault: "it is nested too deep" };
    return { isFit: false, fault: error instanceof InexactNumber ? error.message : "it is not JSON" };
  }
}

const FENCE = "```";

/** Read from its ends alone: an answer of a megabyte of blanks costs no more than any other. */
function withoutFence(text: string): string {
  const isFenced = text.length >= 2 * FENCE.length && text.startsWith(FENCE) && text.endsWith(FENCE);
  return isFenced ? text.slice(FENCE.length, -FENCE.length).replace(/^\w*/, "") : text;
}
