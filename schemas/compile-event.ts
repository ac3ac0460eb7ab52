import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormatsModule from "ajv-formats";
import { describeFaults } from "./describe-fault.ts";

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** What an event schema says beyond JSON Schema: who writes and reads it, and which lists of values may grow. */
const OWN_KEYWORDS = ["x-event", "x-open-enum"];

/** What is wrong with an event; empty when nothing is. */
export type FaultsOf = (data: unknown) => string[];

/** Closed: an event has what its schema names and nothing else. A compiler takes one schema for each `$id`. */
export function createPublishCompiler(): (schema: object) => FaultsOf {
  return createCompiler((schema) => schema);
}

/** Open: fields that the schema does not know are let through, and so are new values of a list that may grow. */
export function createReadCompiler(): (schema: object) => FaultsOf {
  return createCompiler(open);
}

function createCompiler(adapt: (schema: object) => object): (schema: object) => FaultsOf {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  addFormats(ajv);
  ajv.addVocabulary(OWN_KEYWORDS);
  return (schema) => {
    const validator = ajv.compile(adapt(schema));
    return (data) => faultsOf(validator, data);
  };
}

function open(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "additionalProperties" && value === false ? true : openEnum(value),
  ) as object;
}

/** A list that may grow holds text: a reader takes any. */
function openEnum(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("x-open-enum" in value)) return value;
  const { enum: _, ...rest } = value as { enum?: unknown };
  return { ...rest, type: "string" };
}

function faultsOf(validator: ValidateFunction, data: unknown): string[] {
  return validator(data) ? [] : describeFaults(validator.errors, "the event");
}
