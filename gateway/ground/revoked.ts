/** What is refused although it was signed rightly and has not expired. */
export interface Revoked {
  /** Ids of keys (`kid`). */
  keys: ReadonlySet<string>;
  /** Ids of tokens (`jti`). */
  tokens: ReadonlySet<string>;
}

export const NOTHING_REVOKED: Revoked = { keys: new Set(), tokens: new Set() };

/** What a file holds, {"keys": [...], "tokens": [...]}; either may be left out. */
export function parseRevoked(value: unknown): Revoked {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error('is not an object {"keys": [...], "tokens": [...]}');
  const unknown = Object.keys(value).filter((name) => name !== "keys" && name !== "tokens");
  if (unknown.length > 0) throw new Error(`has ${unknown.join(", ")}; it takes keys and tokens`);
  return { keys: toSet(value, "keys"), tokens: toSet(value, "tokens") };
}

function toSet(value: object, name: "keys" | "tokens"): ReadonlySet<string> {
  const { [name]: ids = [] } = value as Record<string, unknown>;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    throw new Error(`has ${name} that are not a list of texts`);
  return new Set(ids);
}
