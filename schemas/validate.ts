import { readFileSync } from "node:fs";
import { createPublishCompiler, createReadCompiler, type FaultsOf } from "./compile-event.ts";
import type { EventType } from "./generated/events.ts";

/** Two validators from one file: closed when we publish, open when we read, so that a newer publisher may add fields. */
const publish = createValidators(createPublishCompiler());
const read = createValidators(createReadCompiler());

/** What is wrong with an event before it is written; empty when nothing is. */
export function validateForPublish(type: EventType, data: unknown): string[] {
  return publish(type)(data);
}

/** What is wrong with an event that arrived; unknown fields are not, nor are new values of a list that may grow. */
export function validateForRead(type: EventType, data: unknown): string[] {
  return read(type)(data);
}

/** Each is compiled when it is first needed: a process writes some of them, and reads others. */
function createValidators(compile: (schema: object) => FaultsOf): (type: EventType) => FaultsOf {
  const compiled = new Map<EventType, FaultsOf>();
  return (type) => {
    const validator = compiled.get(type) ?? compile(readSchema(type));
    compiled.set(type, validator);
    return validator;
  };
}

function readSchema(type: EventType): object {
  return JSON.parse(readFileSync(new URL(`.//${type}.json`, import.meta.url), "utf8")) as object;
}
