import { exportJWK, generateKeyPair, type JWK } from "jose";
import { findSigningKey, MAX_KEYS, type TimedKey } from "./key-ring.ts";

export interface KeyPair {
  privateKey: JWK;
  publicKey: JWK;
}

/** The keys of one purpose, as their two files hold them. */
export interface KeySets {
  signing: readonly TimedKey[];
  verifying: readonly TimedKey[];
}

interface Rotated extends KeySets {
  /** Those that verify until the new key is where keys sign: each as it was before, and the new one. */
  announced: readonly TimedKey[];
  beginsAtS: number;
}

interface RotateParams {
  next: KeyPair;
  nowS: number;
  /** Seconds until the new key signs: until then whoever verifies has to have read it. */
  afterS: number;
  /** Seconds for which what the keys before have signed is good from then on: as long as a token lives, at least. */
  keepS: number;
}

/** A new pair (Ed25519) whose two keys bear the same id. */
export async function createKeyPair(kid?: string): Promise<KeyPair> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const id = kid === undefined ? {} : { kid };
  return {
    privateKey: { ...(await exportJWK(pair.privateKey)), ...id },
    publicKey: { ...(await exportJWK(pair.publicKey)), ...id },
  };
}

/**
 * The sets with a new pair in them, and when it begins: the key that signs now goes on until then, is good for a while
 * longer, and what is over is left out. Without keys before it begins at once. Throws while a pair is still to begin, and
 * when more keys would verify than a set may have.
 */
export function rotateKeys({ signing, verifying }: KeySets, params: RotateParams): Rotated {
  const { next, nowS, afterS, keepS } = params;
  const pending = signing.find(({ nbf = 0 }) => nbf > nowS);
  if (pending !== undefined && afterS > 0)
    throw new Error(
      `a new key begins at ${toTime(pending.nbf ?? 0)} already; a second one beside it would be lost count of`,
    );
  const beginsAtS = signing.length === 0 ? nowS : nowS + afterS;
  const endsAtS = beginsAtS + keepS;
  const current = signing.length === 0 || afterS === 0 ? [] : [findSigningKey(signing, nowS)];
  const ending = verifying
    .map((key) => ({ ...key, exp: Math.min(key.exp ?? endsAtS, endsAtS) }))
    .filter(({ exp }) => exp > nowS);
  if (ending.length >= MAX_KEYS)
    throw new Error(`${ending.length} keys verify still, and a set has ${MAX_KEYS} at most; rotate later or keep less`);
  return {
    beginsAtS,
    announced: [...verifying, next.publicKey].slice(-MAX_KEYS),
    signing: [...current, { ...next.privateKey, nbf: beginsAtS }],
    verifying: [...ending, next.publicKey],
  };
}

export function toTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
