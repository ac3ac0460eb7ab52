import { isRecord, type Json, type JsonObject } from "@soma/schemas/json";

/** Fields whose text comes in pieces; of any other one the last word counts. */
const IN_PIECES = /reason|think|content|text|signature|data/;

/** Puts fields that nobody here understands together from their pieces, as far as their shape tells how. */
export function mergeExtra(into: JsonObject, piece: JsonObject): JsonObject {
  const merged = { ...into };
  for (const [key, value] of Object.entries(piece)) merged[key] = mergeValue(key, merged[key], value);
  return merged;
}

function mergeValue(key: string, before: Json | undefined, piece: Json): Json {
  if (typeof before === "string" && typeof piece === "string") return IN_PIECES.test(key) ? before + piece : piece;
  if (Array.isArray(before) && Array.isArray(piece)) return piece.reduce<Json[]>(addItem, before);
  if (isObject(before) && isObject(piece)) return mergeExtra(before, piece);
  return piece;
}

/** Items that are numbered go on where their number is; a piece of thinking goes on with the one before until that is signed. */
function addItem(items: Json[], item: Json): Json[] {
  if (!isObject(item)) return [...items, item];
  const last = items.at(-1);
  const at =
    item.index === undefined
      ? goesOn(last, item)
        ? items.length - 1
        : -1
      : items.findIndex((each) => isObject(each) && each.index === item.index);
  const before = items[at];
  return isObject(before) ? items.with(at, mergeExtra(before, item)) : [...items, item];
}

function goesOn(last: Json | undefined, item: JsonObject): boolean {
  return isObject(last) && last.type === item.type && typeof item.thinking === "string" && last.signature === undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}
