import type { ErrorObject } from "ajv/dist/2020.js";

/**
 * An Ajv error as a sentence a person can act on: where, what is wrong, and the value that was allowed or the name that was
 * not. `whole` is what the document is called when the fault is not inside of it, such as "the arguments".
 */
function describeFault(error: ErrorObject, whole: string): string {
  return `${error.instancePath === "" ? whole : error.instancePath} ${error.message ?? error.keyword}${detailOf(error)}`;
}

/** Every fault in one line; empty when there is none. */
export function describeFaults(errors: readonly ErrorObject[] | null | undefined, whole: string): string[] {
  return (errors ?? []).map((error) => describeFault(error, whole));
}

function detailOf({ keyword, params }: ErrorObject): string {
  if (keyword === "additionalProperties") return ` (${String(params.additionalProperty).slice(0, 64)})`;
  if (keyword === "enum") return ` (${(params.allowedValues as unknown[]).map(String).join(", ")})`;
  if (keyword === "const") return ` (${String(params.allowedValue)})`;
  if (keyword === "propertyNames") return ` (${String(params.propertyName).slice(0, 64)})`;
  return "";
}
