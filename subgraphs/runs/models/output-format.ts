import { isRecord } from "@soma/schemas/json";
import type { ChatRequest } from "@soma/sdk/model-client";
import type { Quirk } from "./http/quirks.ts";

/**
 * The schema of an answer as OpenAI's doors take it; undefined where none is asked for, or the server takes none.
 * Strict is another dialect of JSON Schema: what is not in it is asked for without, and whoever asked looks whether the
 * answer fits.
 */
export function toOutputFormat({ output }: ChatRequest, quirks: ReadonlySet<Quirk>) {
  if (output === undefined || quirks.has("NO_JSON_SCHEMA")) return undefined;
  return { name: output.name, schema: output.schema, strict: isObject(output.schema) && isStrict(output.schema) };
}

/** Words of JSON Schema that strict answers may have. */
const STRICT = new Set([
  ...["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const"],
  ...["description", "title"],
]);

/** Types that a place may have, of which it has to name one. */
const TYPES = new Set<unknown>(["object", "array", "string", "number", "integer", "boolean", "null"]);

const isObject = (schema: unknown): boolean => isRecord(schema) && schema.type === "object";

/** Whether every place in a schema says its type, and every object is closed and has all that it may have. */
function isStrict(schema: unknown): boolean {
  if (!isRecord(schema) || Object.keys(schema).some((word) => !STRICT.has(word))) return false;
  const { type, items, anyOf } = schema;
  if (anyOf !== undefined)
    return type === undefined && Array.isArray(anyOf) && anyOf.length > 0 && anyOf.every(isStrict);
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.length === 0 || !types.every((each) => TYPES.has(each))) return false;
  if (types.includes("object") && !isClosed(schema)) return false;
  return types.includes("array") ? isStrict(items) : items === undefined;
}

function isClosed({ properties = {}, required = [], additionalProperties }: Record<string, unknown>): boolean {
  if (additionalProperties !== false || !isRecord(properties) || !Array.isArray(required)) return false;
  return Object.entries(properties).every(([name, inside]) => required.includes(name) && isStrict(inside));
}
