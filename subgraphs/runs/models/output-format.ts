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
  return { name: output.name, schema: output.schema, strict: isStrict(output.schema) };
}

/** Words of JSON Schema that strict answers may have. */
const STRICT = new Set([
  ...["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const"],
  ...["description", "title"],
]);

/** Whether every object in a schema is closed and has all that it may have. */
function isStrict(schema: unknown): boolean {
  if (!isRecord(schema) || Object.keys(schema).some((word) => !STRICT.has(word))) return false;
  const { type, properties = {}, required = [], additionalProperties, items, anyOf = [] } = schema;
  const inside = isRecord(properties) ? Object.values(properties) : [];
  const isWhole =
    type !== "object" ||
    (additionalProperties === false &&
      isRecord(properties) &&
      Object.keys(properties).every((name) => (required as readonly unknown[]).includes(name)));
  const rest = [...inside, ...(items === undefined ? [] : [items]), ...(anyOf as readonly unknown[])];
  return isWhole && rest.every(isStrict);
}
