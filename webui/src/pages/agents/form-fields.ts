import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { isRecord, type Json, type JsonObject } from "@soma/schemas/json";

/** How a value is typed in: as a text, a number, one of several, or as JSON where a form knows no better. */
export type FieldKind = "line" | "text" | "number" | "integer" | "choice" | "json";

/** One property of an input. */
export interface FormField {
  key: string;
  label: string;
  description: string;
  isRequired: boolean;
  kind: FieldKind;
  /** Of a choice: what can be chosen, as JSON. */
  choices: readonly Json[];
  /** What stands in it at first; nothing where it is left out. */
  initial: string;
}

/** Longer texts need more than a line. */
const LINE_CHARACTERS = 200;

/** The fields of an input by its JSON Schema; undefined where it cannot be a form. */
export function toFields(schema: unknown): FormField[] | undefined {
  if (!isRecord(schema) || schema.type !== "object" || !isRecord(schema.properties)) return undefined;
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([key, property]) => toField(key, property, required.includes(key)));
}

function toField(key: string, property: unknown, isRequired: boolean): FormField {
  const { title, description, default: initial, ...schema } = isRecord(property) ? property : {};
  const choices = choicesOf(schema);
  const kind = choices === undefined ? kindOf(schema) : "choice";
  return {
    key,
    label: typeof title === "string" ? title : key,
    description: typeof description === "string" ? description : "",
    isRequired,
    kind,
    choices: choices ?? [],
    initial: initial === undefined ? "" : toTyped(kind, initial as Json),
  };
}

function choicesOf({ type, enum: among, const: only, anyOf, oneOf }: Record<string, unknown>): Json[] | undefined {
  if (type === "boolean") return [true, false];
  if (Array.isArray(among) && among.length > 0) return among as Json[];
  if (only !== undefined) return [only as Json];
  const either: unknown = anyOf ?? oneOf;
  if (!Array.isArray(either) || either.length === 0) return undefined;
  const constants = either.map((each: unknown) => (isRecord(each) ? each.const : undefined));
  return constants.includes(undefined) ? undefined : (constants as Json[]);
}

function kindOf({ type, maxLength, format, pattern }: Record<string, unknown>): FieldKind {
  if (type === "number" || type === "integer") return type;
  if (type !== "string") return "json";
  const isShort = typeof maxLength === "number" && maxLength <= LINE_CHARACTERS;
  return isShort || format !== undefined || pattern !== undefined ? "line" : "text";
}

/** A value as it stands in a field of the form. */
function toTyped(kind: FieldKind, value: Json): string {
  const isText = (kind === "line" || kind === "text") && typeof value === "string";
  if (isText) return value;
  return kind === "json" ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

/** What is typed into each field, by its key. */
export type Typed = Readonly<Record<string, string>>;

/** What stands in a field: what was typed, else what its schema has it begin with. */
export function typedIn(typed: Typed, { key, initial }: FormField): string {
  return Object.hasOwn(typed, key) ? (typed[key] ?? "") : initial;
}

export interface Read {
  input: JsonObject;
  /** What cannot be read, by the field's key. */
  faults: Readonly<Record<string, string>>;
}

/** The input that was typed in. An empty field is left out: whether it has to be there is the server's to say. */
export function toInput(fields: readonly FormField[], typed: Typed): Read {
  const input: JsonObject = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const { key, kind } = field;
    const text = typedIn(typed, field);
    if (text.trim() === "") continue;
    const value = kind === "line" || kind === "text" ? { is: text } : readJson(text);
    const isNumber = kind === "number" || kind === "integer";
    if ("fault" in value) faults[key] = isNumber ? "is no number" : value.fault;
    else if (isNumber && typeof value.is !== "number") faults[key] = "is no number";
    else input[key] = value.is;
  }
  return { input, faults };
}

/** JSON that was typed in, or why it is none. */
export function readJson(text: string): { is: Json } | { fault: string } {
  try {
    return { is: parseExactJson(text) as Json };
  } catch (error) {
    return { fault: error instanceof InexactNumber ? error.message : "is no JSON" };
  }
}

/** What stands in the form for an input; the keys that the form has no field for are told. */
export function fromInput(fields: readonly FormField[], input: JsonObject): { typed: Typed; unknown: string[] } {
  const typed = fields.map(({ key, kind }) => {
    const value = Object.hasOwn(input, key) ? input[key] : undefined;
    return [key, value === undefined ? "" : toTyped(kind, value)];
  });
  const unknown = Object.keys(input).filter((key) => !fields.some((field) => field.key === key));
  return { typed: Object.fromEntries(typed) as Typed, unknown };
}
