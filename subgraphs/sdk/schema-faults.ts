import { Check, Errors } from "typebox/schema";

/** Faults that are told at most: a value that is wrong in every place is wrong once. */
const MAX_FAULTS = 8;
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
  return told.length === 0 ? [`${whole} does not fit`] : told.slice(0, MAX_FAULTS);
}

function describe({ keyword, params, instancePath, message }: Fault, whole: string): string {
  const names = keyword === "additionalProperties" ? Object.values(params).flat().map(String).join(", ") : "";
  return `${instancePath === "" ? whole : instancePath} ${message}${names === "" ? "" : ` (${names.slice(0, 200)})`}`;
}
