import { hash } from "node:crypto";
import { canonicalJson, type Json } from "@soma/schemas/json";
import { SomaError } from "./errors.ts";

/**
 * A value that Postgres keeps as jsonb and gives back unchanged: jsonb refuses NUL and lone surrogates, so both become
 * U+FFFD, in names as in texts; `undefined` goes; what JSON cannot hold throws, BAD_INPUT where it is nested too deep.
 */
export function toStorableJson(value: unknown): Json {
  const text = stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`);
  return JSON.parse(UNSTORABLE.test(text) ? stringify(value, toStorable) : text) as Json;
}

/** How JSON writes what jsonb refuses. A text that holds these letters itself is looked at again and stays as it is. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

function stringify(value: unknown, replace?: (key: string, item: unknown) => unknown): string {
  try {
    return JSON.stringify(value, replace);
  } catch (cause) {
    if (cause instanceof RangeError) throw new SomaError("BAD_INPUT", "the JSON is nested too deep", { cause });
    throw cause;
  }
}

function toStorable(_key: string, item: unknown): unknown {
  return typeof item === "string" ? toStorableText(item) : withStorableNames(item);
}

function withStorableNames(item: unknown): unknown {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
  if (Object.keys(item).every(isStorableText)) return item;
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [toStorableText(name), value]));
}

export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** Whether Postgres keeps the text as it is. */
export function isStorableText(text: string): boolean {
  return toStorableText(text) === text;
}

/** SHA-256 over the canonical JSON, hex. */
export function digest(value: unknown): string {
  return hash("sha256", canonicalJson(value), "hex");
}

/** At most `maxBytes` of UTF-8, cut between characters. */
export function clip(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  return new TextDecoder().decode(Buffer.from(text).subarray(0, maxBytes), { stream: true });
}

/** Throws BAD_INPUT for text that Postgres cannot keep. */
export function checkStorable(name: string, value: string): void {
  if (!isStorableText(value))
    throw new SomaError("BAD_INPUT", `${name} holds NUL or half a surrogate pair; send text without them`);
}
