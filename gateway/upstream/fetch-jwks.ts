import { SomaError } from "@soma/shared/errors";
import { MAX_KEYS } from "@soma/shared/identity/key-ring";
import type { JWK } from "jose";
import { withDeadline } from "../ground/deadline.ts";
import type { Send } from "./send.ts";

/** More than a set of so many keys takes; whoever sends it reads no further. */
export const MAX_JWKS_BYTES = 262_144;
const PUBLIC_KINDS: readonly unknown[] = ["OKP", "EC", "RSA"];

interface FetchJwksOptions {
  url: string;
  /** Follows no redirect. */
  send: Send;
  timeoutMs?: number;
}

/** Asks an address for its keys; throws when it does not answer with any that could verify a token. */
export function createFetchJwks({ url, send, timeoutMs = 5_000 }: FetchJwksOptions): () => Promise<readonly JWK[]> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  return async () => {
    const { status, body } = await withDeadline(undefined, timeoutMs, (signal) =>
      send({ method: "GET", url, headers, signal }),
    );
    if (status !== 200) throw new SomaError("UNAVAILABLE", `${url} answered ${status}`);
    return toVerifyKeys(JSON.parse(body));
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
