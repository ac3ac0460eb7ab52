import type { SqlValue } from "@soma/sdk/step-sql";
import { SomaError } from "@soma/shared/errors";

/** A statement as the database takes it: the text names each value by its place and type, the values are texts. */
export interface ProjectStatement {
  statement: string;
  values: (string | null)[];
}

const MAX_VALUES = 1_000;
const MAX_BYTES = 262_144;
const MAX_INT4 = 2 ** 31 - 1;

/** Writes what a step's author wrote as a template. Refuses what no type of SQL stands for, and what is too large. */
export function toStatement(pieces: readonly string[], values: readonly SqlValue[]): ProjectStatement {
  if (values.length > MAX_VALUES)
    throw new SomaError("BAD_INPUT", `a statement has ${values.length} values, and may have ${MAX_VALUES}`);
  const parts = values.map((value, index) => toValue(value, index + 1));
  const statement = pieces.map((piece, index) => `${placeOf(parts, index)}${piece}`).join("");
  const texts = parts.map(({ text }) => text);
  const bytes = [statement, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
  if (bytes > MAX_BYTES)
    throw new SomaError("BAD_INPUT", `a statement has ${bytes} bytes with its values, and may have ${MAX_BYTES}`);
  return { statement, values: texts };
}

function placeOf(parts: readonly { type: string; text: string | null }[], index: number): string {
  const part = parts[index - 1];
  if (part === undefined) return "";
  // A null of its own has whatever type its place wants.
  return part.text === null ? "null" : `(($1)[${index}]::${part.type})`;
}

function toValue(value: SqlValue | undefined, place: number): { type: string; text: string | null } {
  if (value === null) return { type: "text", text: null };
  if (value instanceof Date) return { type: "timestamptz", text: dateText(value, place) };
  switch (typeof value) {
    case "string":
      return { type: "text", text: value };
    case "number":
      return { type: numberType(value), text: String(value) };
    case "bigint":
      return { type: "numeric", text: String(value) };
    case "boolean":
      return { type: "boolean", text: String(value) };
    case "object":
      return { type: "jsonb", text: JSON.stringify(value) };
    default:
      throw new SomaError("BAD_INPUT", `value ${place} of a statement is ${typeof value}, which SQL has no type for`);
  }
}

function numberType(value: number): string {
  if (!Number.isSafeInteger(value)) return "float8";
  return Math.abs(value) <= MAX_INT4 ? "int4" : "int8";
}

function dateText(value: Date, place: number): string {
  if (Number.isNaN(value.getTime())) throw new SomaError("BAD_INPUT", `value ${place} of a statement is no date`);
  return value.toISOString();
}
