import { Check, Errors } from "typebox/schema";

/** Faults that are told at most: a value that is wrong in every place is wrong once. */
const MAX_FAULTS = 8;
/** Characters of what a model named. */
const MAX_NAMES = 200;
type Fault = ReturnType<typeof Errors>[1][number];

/**
 * Where a value does not fit a JSON Schema, in words; none where it does. `whole` is what the value is called when the
 * fault is not inside of it.
 */
export function schemaFaults(schema: object, value: unknown, whole: string): string[] {
  if (Check(schema, value)) return [];
  const [, faults] = Errors(schema, value);
  // What must not be there is told by name, with the object that has it.
  const told = faults.filter(({ keyword }) => keyword !== "boolean").map((fault) => describe(fault, whole));
  if (told.length > 0) return told.slice(0, MAX_FAULTS);
  const places = faults.map(({ instancePath }) => instancePath).join(", ");
  return [`${whole} has what its schema does not have (${cut(places)})`];
}

/** What a model named may be as long as its answer. */
function cut(text: string): string {
  return text.slice(0, MAX_NAMES).toWellFormed();
}

function describe({ keyword, params, instancePath, message }: Fault, whole: string): string {
  const names = keyword === "additionalProperties" ? Object.values(params).flat().map(String).join(", ") : "";
  return `${instancePath === "" ? whole : cut(instancePath)} ${message}${names === "" ? "" : ` (${cut(names)})`}`;
}
