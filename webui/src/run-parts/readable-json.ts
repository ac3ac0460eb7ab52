import { parseExactJson } from "@soma/schemas/exact-json";
import { isRecord } from "@soma/schemas/json";

/** Longer arguments are shown as they were written. */
const MAX_CHARACTERS = 65_536;
/** What is nested deeper is shown as it was written, or on one line: its indents would be most of it. */
const MAX_DEPTH = 32;

/** A value as text to read: what models wrote as the arguments of a call is shown as the value it is. */
export function toReadable(value: unknown): string {
  try {
    const text = JSON.stringify(unfold(value), null, 2);
    return text ?? "";
  } catch (error) {
    if (error instanceof RangeError) return deepText(value);
    throw error;
  }
}

/** Arguments of one call, as the value or as the text that a model wrote: no text at all stands for none. */
export function toReadableArguments(args: unknown): string {
  if (typeof args !== "string") return toReadable(args);
  if (args === "") return "{}";
  const meant = parsed(args);
  return meant === args ? args : toReadable(meant);
}

function unfold(value: unknown): unknown {
  if (isDeep(value)) throw new RangeError("it is nested too deep");
  return unfolded(value);
}

function unfolded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfolded);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === "arguments" ? parsed(each) : unfolded(each)]),
  );
}

/** Text that is JSON, as what it says; other text as it is, and so is one with numbers that would be others here. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return unfolded(value);
  if (value.length > MAX_CHARACTERS) return value;
  try {
    const meant = parseExactJson(value);
    return isDeep(meant) ? value : meant;
  } catch {
    return value;
  }
}

/** Looked at a level at a time, since what is too deep is too deep to be walked. */
function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}

function deepText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "(nested too deep to be shown)";
  }
}
