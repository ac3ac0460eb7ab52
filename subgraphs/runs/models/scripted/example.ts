import { isRecord, type Json } from "@soma/schemas/json";
import { schemaFaults } from "@soma/sdk/schema-faults";

/**
 * A small value that a JSON Schema takes, as JSON text; undefined where the schema asks for more than these rules know,
 * such as a pattern or a reference.
 */
export function exampleOf(schema: unknown): string | undefined {
  const value = toExample(schema);
  return isRecord(schema) && schemaFaults(schema, value, "it").length === 0 ? JSON.stringify(value) : undefined;
}

function toExample(schema: unknown): Json {
  if (!isRecord(schema)) return null;
  const { const: only, default: usual, enum: all, examples, anyOf, oneOf, type } = schema;
  const said = [only, usual, ...listOf(all), ...listOf(examples)].find((value) => value !== undefined);
  if (said !== undefined) return said as Json;
  const [first] = [...listOf(anyOf), ...listOf(oneOf)];
  if (first !== undefined) return toExample(first);
  const kind: unknown = Array.isArray(type) ? type[0] : type;
  const make = EXAMPLES[typeof kind === "string" ? kind : "null"];
  return make === undefined ? null : make(schema);
}

/** Letters of an example, and items of a list in it. */
const MOST = 1_000;
type Schema = Record<string, unknown>;

const EXAMPLES: Readonly<Record<string, (schema: Schema) => Json>> = {
  null: () => null,
  boolean: () => true,
  string: ({ minLength }) => "example".padEnd(bounded(minLength), "."),
  number: toNumber,
  integer: toNumber,
  array: ({ items, minItems }) => Array.from({ length: bounded(minItems) }, () => toExample(items)),
  object({ properties, required }) {
    const known = isRecord(properties) ? properties : {};
    return Object.fromEntries(listOf(required).map((name) => [String(name), toExample(known[String(name)])]));
  },
};

/** Whoever wants more has no example: it would not fit. */
function bounded(least: unknown): number {
  return Math.min(Number(least ?? 0), MOST);
}

function toNumber({ minimum, exclusiveMinimum }: Schema): number {
  if (minimum !== undefined) return Number(minimum);
  return exclusiveMinimum === undefined ? 0 : Number(exclusiveMinimum) + 1;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
