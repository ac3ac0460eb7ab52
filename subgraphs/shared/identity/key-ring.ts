import type { JWK } from "jose";
import { SomaError } from "../errors.ts";

/**
 * A key, and when it is used, in seconds since 1970: one that signs does so from `nbf` on, one that verifies does so until
 * `exp`. Both times stand in the file of the keys, so that one write of it is a whole rotation.
 */
export interface TimedKey extends JWK {
  /** Of a private key. */
  d?: string;
  nbf?: number;
  exp?: number;
}

/** The keys there are now: they may be others at the next call. */
export type KeyRing = () => readonly TimedKey[];

/** One key that stays, or keys that change. */
export type Keys = TimedKey | KeyRing;

/** More keys than this of one purpose are a fault: each may have to be tried for a token that names none. */
export const MAX_KEYS = 32;

function toRing(keys: Keys): KeyRing {
  if (typeof keys === "function") return keys;
  const ring = [keys];
  return () => ring;
}

/** What finds the key that signs now. */
export function signingKeyOf(keys: Keys): () => TimedKey {
  const ring = toRing(keys);
  return () => findSigningKey(ring(), Date.now() / 1_000);
}

/** What finds the keys that may have signed a token. */
export function verifyKeysOf(keys: Keys): (header: TokenHeader) => readonly TimedKey[] {
  const ring = toRing(keys);
  return (header) => findVerifyKeys(ring(), header, Date.now() / 1_000);
}

/** What a key is for: signing takes private ones, verifying public ones. */
export type KeyUse = "sign" | "verify";

/** One key, or a set of them as {"keys": [...]}; each must be an Ed25519 key of that use, and its times must be times. */
export function parseKeys(value: unknown, use: KeyUse): readonly TimedKey[] {
  const listed: unknown[] = isSet(value) ? value.keys : [value];
  if (listed.length === 0 || listed.length > MAX_KEYS)
    throw new Error(`is a set of ${listed.length} keys; it takes 1 to ${MAX_KEYS}`);
  return listed.map((each) => parseKey(each, use));
}

function isSet(value: unknown): value is { keys: unknown[] } {
  return typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);
}

export function parseKey(value: unknown, use: KeyUse): TimedKey {
  if (typeof value !== "object" || value === null || !("kty" in value) || value.kty !== "OKP")
    throw new Error("is not an Ed25519 JWK, and not a set of them");
  const key = value as TimedKey;
  for (const time of [key.nbf, key.exp])
    if (time !== undefined && !Number.isFinite(time)) throw new Error("has a key with an nbf or exp that is no time");
  const isPrivate = typeof key.d === "string";
  if (isPrivate !== (use === "sign"))
    throw new Error(`has a ${isPrivate ? "private" : "public"} key where the other one of the pair is needed`);
  return key;
}

/** The key to sign with: the newest of those that have begun. A set in which none has begun signs with the first to come. */
export function findSigningKey(keys: readonly TimedKey[], nowS: number): TimedKey {
  const [first, ...others] = keys.toSorted((a, b) => beginOf(a) - beginOf(b));
  if (first === undefined) throw new SomaError("UNAVAILABLE", "there is no key to sign with");
  return others.findLast((key) => beginOf(key) <= nowS) ?? first;
}

function beginOf({ nbf = 0 }: TimedKey): number {
  return nbf;
}

/** What a token says about how it was signed, before anything of it is believed. */
export interface TokenHeader {
  /** The key that it names. */
  kid?: string | undefined;
  /** The algorithm that it says it was signed by. */
  alg?: string | undefined;
}

/** The keys that may have signed a token: those of its name, with what has none itself; every one when it names none. */
export function findVerifyKeys(
  keys: readonly TimedKey[],
  { kid, alg }: TokenHeader,
  nowS: number,
): readonly TimedKey[] {
  return keys.filter(
    (key) =>
      (kid === undefined || key.kid === undefined || key.kid === kid) &&
      (key.exp === undefined || key.exp > nowS) &&
      fits(key, alg),
  );
}

const KTY_OF: Readonly<Record<string, string>> = { Ed: "OKP", ES: "EC", RS: "RSA", PS: "RSA" };

/** A key is for the algorithm that it names, or else for those of its kind. */
function fits(key: JWK, alg = ""): boolean {
  return KTY_OF[alg.slice(0, 2)] === key.kty && (key.alg === undefined || key.alg === alg);
}
