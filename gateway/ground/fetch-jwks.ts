import { SomaError } from "@soma/shared/errors";
import { MAX_KEYS } from "@soma/shared/identity/key-ring";
import { readText } from "@soma/shared/read-text";
import type { JWK } from "jose";

const MAX_BYTES = 262_144;
const PUBLIC_KINDS: readonly unknown[] = ["OKP", "EC", "RSA"];

interface FetchJwksOptions {
  url: string;
  timeoutMs?: number;
}

/** Asks an address for its keys; throws when it does not answer with any that could verify a token. Follows no redirect. */
export function createFetchJwks({ url, timeoutMs = 5_000 }: FetchJwksOptions): () => Promise<readonly JWK[]> {
  return async () => {
    const response = await fetch(url, {
      headers: { accept: "application/jwk-set+json, application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new SomaError("UNAVAILABLE", `${url} answered ${response.status}`);
    }
    return toVerifyKeys(JSON.parse(await readText(response.body, MAX_BYTES, `the answer of ${url}`)));
  };
}

/** Those of a set that verify signatures. A secret, or a private key that somebody published, is none of them. */
export function toVerifyKeys(value: unknown): readonly JWK[] {
  const listed = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  if (!Array.isArray(listed) || listed.length > MAX_KEYS)
    throw new SomaError("UNAVAILABLE", `a set of keys is {"keys": [...]} with ${MAX_KEYS} at most`);
  const keys = listed.filter(isVerifyKey);
  if (keys.length === 0) throw new SomaError("UNAVAILABLE", "the set of keys has none that verifies signatures");
  return keys;
}

function isVerifyKey(value: unknown): value is JWK {
  if (typeof value !== "object" || value === null) return false;
  const { kty, use = "sig", kid, d } = value as Record<string, unknown>;
  return PUBLIC_KINDS.includes(kty) && use === "sig" && d === undefined && ["string", "undefined"].includes(typeof kid);
}
