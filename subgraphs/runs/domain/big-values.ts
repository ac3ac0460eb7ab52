import { hash } from "node:crypto";
import { canonicalJson, isRecord, type Json, type JsonObject } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";

/** What is larger, as JSON, is kept once for a tenant, and what holds it says by its hash where it belongs. */
const BIG_BYTES = 8_192;
/** A part that was taken out costs about this much where it was. */
const PART_BYTES = 96;
/** What is nested deeper is not looked into. */
const MAX_DEPTH = 64;
/**
 * The name under which a stored object says what was taken out of it. No payload has a field of this name, and none
 * ever will.
 */
const PARTS = "soma:big";

/** A value that is kept by itself: the SHA-256 of its canonical JSON, and that. */
export interface BigValue {
  hash: string;
  text: string;
}

/** JSON as a row has it, and what it refers to. */
export interface Stored<T extends Json = Json> {
  json: T;
  values: readonly BigValue[];
}

type Path = readonly (string | number)[];
type Part = [hash: string, ...Path];

/**
 * What stays of a field in the row: the status of an output and why it was cut are read by SQL, the code of an error by
 * the relay.
 */
const READ_IN_PLACE: Readonly<Record<string, readonly string[]>> = { output: ["status", "cut"], error: ["code"] };
/** A word of ours; what a tool calls by the same name may be longer. */
const MAX_WORD = 64;

/** A payload as its row has it: fields that are big are taken out, not all of it. */
export function toStoredPayload(payload: JsonObject): Stored<JsonObject> {
  const { json, values } = store(payload, leftOf);
  return { json: json as JsonObject, values };
}

/** The same, of a payload whose canonical JSON is known: nearly all are small, and need no second look. */
export function toStoredText(payload: JsonObject, text: string): { text: string; values: readonly BigValue[] } {
  if (Buffer.byteLength(text) <= BIG_BYTES) return { text, values: [] };
  const { json, values } = toStoredPayload(payload);
  return { text: values.length === 0 ? text : JSON.stringify(json), values };
}

/** Any JSON as its row has it: what a user sends may have a field of our name, and is then taken out as a whole. */
export function toStoredJson(value: Json): Stored {
  return store(value, () => null);
}

/** Hashes of the values that a stored object refers to. */
export function referredBy(stored: Json): string[] {
  return partsOf(stored).map(([name]) => name);
}

/** What was stored, put together again. `what` names it for whoever reads that a value is missing. */
export function toWhole(what: string, stored: Json, values: ReadonlyMap<string, Json>): Json {
  const parts = partsOf(stored);
  if (parts.length === 0) return stored;
  const { [PARTS]: _, ...rest } = stored as JsonObject;
  const root: { whole: Json } = { whole: rest };
  for (const [name, ...path] of parts) {
    const value = values.get(name);
    if (value === undefined)
      throw new SomaError(
        "VALUE_MISSING",
        `${what} cannot be read: its value ${name} is missing in the database; restore it from a backup`,
      );
    put(root, ["whole", ...path], value);
  }
  return root.whole;
}

/** What a payload has in place of a part that is taken out; undefined where nothing is. */
function leftOf([field, ...within]: Path, value: Json): Json | undefined {
  if (field === undefined) return undefined;
  const names = within.length === 0 && isRecord(value) ? READ_IN_PLACE[field] : undefined;
  if (names === undefined) return null;
  const isWord = ([name, item]: [string, Json]): boolean =>
    names.includes(name) && typeof item === "string" && item.length <= MAX_WORD;
  return Object.fromEntries(Object.entries(value as JsonObject).filter(isWord));
}

function store(value: Json, toLeft: Search["toLeft"]): Stored {
  const isForged = isRecord(value) && Object.hasOwn(value, PARTS);
  // Nearly all are small: they are not looked into.
  if (!isForged && bytesOf(value) <= BIG_BYTES) return { json: value, values: [] };
  const out: { path: Path; value: Json }[] = [];
  const left = takeOut(value, { path: [], out, toLeft }).json;
  const isOurs = isRecord(left) && !Object.hasOwn(left, PARTS);
  if (out.length === 0 && isOurs) return { json: value, values: [] };
  // What cannot say itself what is missing in it is kept as a whole.
  const parts = isOurs ? out : [{ path: [], value }];
  const kept = parts.map((part) => ({ path: part.path, ...toBigValue(part.value) }));
  const notes = kept.map(({ hash: name, path }): Json => [name, ...path]);
  const values = [...new Map(kept.map(({ hash: name, text }) => [name, { hash: name, text }])).values()];
  return { json: { ...(isOurs ? (left as JsonObject) : {}), [PARTS]: notes }, values };
}

interface Search {
  path: Path;
  /** What was taken out so far. */
  out: { path: Path; value: Json }[];
  /** What stands where a part was; undefined when it may not be taken out. */
  toLeft(path: Path, part: Json): Json | undefined;
}

/**
 * The smallest parts that are big are taken out, and then what is still big around them, as a whole: so a document that
 * comes again is found again although its neighbours changed, and nothing large is left.
 */
function takeOut(value: Json, search: Search): { json: Json; bytes: number } {
  const { path, out, toLeft } = search;
  const before = out.length;
  const looksIn = typeof value === "object" && value !== null && path.length < MAX_DEPTH;
  const left = looksIn ? fromEach(value, search) : toLeaf(value);
  const bytes = left.bytes + (out.length - before) * PART_BYTES;
  const rest = bytes <= BIG_BYTES ? undefined : toLeft(path, value);
  if (rest === undefined) return left;
  out.splice(before, out.length, { path, value });
  return toLeaf(rest);
}

function fromEach(value: Json[] | JsonObject, search: Search): { json: Json; bytes: number } {
  const before = search.out.length;
  let bytes = 2;
  const from = (name: string | number, item: Json): Json => {
    const isSmall = typeof item === "number" || typeof item === "boolean" || item === null;
    const part = isSmall ? toLeaf(item) : takeOut(item, { ...search, path: [...search.path, name] });
    bytes += part.bytes + 1;
    return part.json;
  };
  if (Array.isArray(value)) {
    const items = value.map((item, index) => from(index, item));
    return { json: search.out.length === before ? value : items, bytes };
  }
  const fields = Object.entries(value).map(([name, item]) => {
    bytes += bytesOf(name) + 1;
    return [name, from(name, item)] as const;
  });
  return { json: search.out.length === before ? value : Object.fromEntries(fields), bytes };
}

function toLeaf(value: Json): { json: Json; bytes: number } {
  return { json: value, bytes: bytesOf(value) };
}

function bytesOf(value: Json): number {
  return typeof value === "number" ? String(value).length : Buffer.byteLength(JSON.stringify(value));
}

function toBigValue(value: Json): BigValue {
  const text = canonicalJson(value);
  return { hash: hash("sha256", text, "hex"), text };
}

const HASH = /^[0-9a-f]{64}$/;

/** What was taken out of a stored object; nothing of one that was written before any was. */
function partsOf(stored: Json): Part[] {
  const parts = isRecord(stored) && Object.hasOwn(stored, PARTS) ? stored[PARTS] : [];
  if (!Array.isArray(parts)) return [];
  const isPart = (part: Json): boolean => Array.isArray(part) && HASH.test(String(part[0]));
  return parts.every(isPart) ? (parts as Part[]) : [];
}

/** Puts a value where one was taken out: each name on the way is a field of its own there. */
function put(root: object, path: Path, value: Json): void {
  let at = root as Record<string | number, Json>;
  for (const name of path.slice(0, -1)) at = at[name] as unknown as Record<string | number, Json>;
  at[path.at(-1) as string | number] = value;
}
