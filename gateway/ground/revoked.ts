/** What is refused although it was signed rightly and has not expired. */
export interface Revoked {
  /** Ids of keys (`kid`). */
  keys: ReadonlySet<string>;
  /** Ids of tokens (`jti`). */
  tokens: ReadonlySet<string>;
}

export const NOTHING_REVOKED: Revoked = { keys: new Set(), tokens: new Set() };

/** The text of a file, {"keys": [...], "tokens": [...]}; either may be left out. */
export function parseRevoked(text: string): Revoked {
  const value = toObject(text);
  const unknown = Object.keys(value).filter((name) => name !== "keys" && name !== "tokens");
  if (unknown.length > 0) throw new Error(`it has ${unknown.join(", ")}; it takes keys and tokens`);
  return { keys: toSet(value, "keys"), tokens: toSet(value, "tokens") };
}

function toObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error('it is not an object {"keys": [...], "tokens": [...]}');
  return value as Record<string, unknown>;
}

function toSet(value: Record<string, unknown>, name: string): ReadonlySet<string> {
  const ids = value[name] ?? [];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    throw new Error(`its ${name} are not a list of texts`);
  return new Set(ids);
}
