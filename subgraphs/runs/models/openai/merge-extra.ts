import { isRecord, type Json, type JsonObject } from "@soma/schemas/json";

/** Fields whose text comes in pieces; of any other one the last word counts. */
const IN_PIECES = /reason|think|content|text|summary|signature|data/;
/** Items of one list that are kept; no answer has as many parts. */
const MAX_ITEMS = 2_000;

/** Puts fields that nobody here understands together from their pieces, as far as their shape tells how. */
export function mergeExtra(into: JsonObject, piece: JsonObject): JsonObject {
  const merged = { ...into };
  for (const [key, value] of Object.entries(piece)) merged[key] = mergeValue(key, merged[key], value);
  return merged;
}

/** Puts over fields that came in pieces those of the same thing that is told once more, as a whole. */
export function retellExtra(before: JsonObject, whole: JsonObject): JsonObject {
  const told = { ...before };
  for (const [key, value] of Object.entries(whole)) {
    const known = told[key];
    if (known === undefined || !saysNothing(value))
      told[key] = isObject(known) && isObject(value) ? retellExtra(known, value) : value;
  }
  return told;
}

function mergeValue(key: string, before: Json | undefined, piece: Json): Json {
  if (before !== undefined && saysNothing(piece)) return before;
  if (typeof before === "string" && typeof piece === "string") return IN_PIECES.test(key) ? before + piece : piece;
  if (Array.isArray(before) && Array.isArray(piece)) return mergeLists(before, piece);
  if (isObject(before) && isObject(piece)) return mergeExtra(before, piece);
  return Array.isArray(piece) ? mergeLists([], piece) : piece;
}

/** Items that are numbered go on where their number is; a part of text or of thinking goes on with the one before. */
function mergeLists(before: readonly Json[], pieces: readonly Json[]): Json[] {
  const items = [...before];
  const numbered = new Map(items.map((item, at) => [numberOf(item), at]));
  for (const piece of pieces) {
    const number = numberOf(piece);
    const at = number === undefined ? items.length - 1 : (numbered.get(number) ?? -1);
    const last = items[at];
    if (isObject(piece) && isObject(last) && (number !== undefined || goesOn(last, piece)))
      items[at] = mergeExtra(last, piece);
    else if (items.length < MAX_ITEMS) {
      items.push(piece);
      if (number !== undefined) numbered.set(number, items.length - 1);
    }
  }
  return items;
}

/** What tells a numbered item from the others of its list. */
function numberOf(item: Json): string | undefined {
  return isObject(item) && item.index !== undefined ? JSON.stringify([item.index, item.type]) : undefined;
}

/** Some servers send every field with every piece, and leave it empty until there is something in it. */
function saysNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/** A thought goes on until it is signed; text of a kind goes on with text of that kind. */
function goesOn(last: JsonObject, piece: JsonObject): boolean {
  if (last.type !== piece.type || last.index !== undefined) return false;
  if (piece.type === "text") return typeof last.text === "string" && typeof piece.text === "string";
  const isThought = typeof piece.thinking === "string" || Array.isArray(piece.thinking);
  return isThought && typeof last.thinking === typeof piece.thinking && saysNothing(last.signature);
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}
