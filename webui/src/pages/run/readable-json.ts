import { isRecord } from "@soma/schemas/json";

/** A value as text to read: what models wrote as the arguments of a call is shown as the value it is. */
export function toReadable(value: unknown): string {
  return JSON.stringify(unfold(value), null, 2) ?? "";
}

function unfold(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfold);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === "arguments" ? parsed(each) : unfold(each)]),
  );
}

/** Text that is JSON, as what it says; other text as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return unfold(value);
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
