import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormatsModule from "ajv-formats";
import { describeFaults } from "./describe-fault.ts";
import type { EventType } from "./generated/events.ts";

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** Two validators from one file: closed when we publish, open when we read, so that a newer publisher may add fields. */
const publish = createValidators((schema) => schema);
const read = createValidators(open);

/** What is wrong with an event before it is written; empty when nothing is. */
export function validateForPublish(type: EventType, data: unknown): string[] {
  return faultsOf(publish(type), data);
}

/** What is wrong with an event that arrived; unknown fields are not. */
export function validateForRead(type: EventType, data: unknown): string[] {
  return faultsOf(read(type), data);
}

/** Each is compiled when it is first needed: a process writes some of them, and reads others. */
function createValidators(adapt: (schema: object) => object): (type: EventType) => ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  addFormats(ajv);
  const compiled = new Map<EventType, ValidateFunction>();
  return (type) => {
    const validator = compiled.get(type) ?? ajv.compile(adapt(readSchema(type)));
    compiled.set(type, validator);
    return validator;
  };
}

function readSchema(type: EventType): object {
  return JSON.parse(readFileSync(new URL(`.//${type}.json`, import.meta.url), "utf8")) as object;
}

function open(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "additionalProperties" && value === false ? true : value,
  ) as object;
}

function faultsOf(validator: ValidateFunction, data: unknown): string[] {
  return validator(data) ? [] : describeFaults(validator.errors, "the event");
}
