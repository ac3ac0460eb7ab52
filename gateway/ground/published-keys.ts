import type { KeyRing, TimedKey } from "@soma/shared/identity/key-ring";

/** The public keys of this installation as a set, for others that check its tokens; made anew when one of them ends or comes. */
export function createPublishedKeys(ring: KeyRing, nowS: () => number = () => Date.now() / 1_000): () => string {
  let made: { keys: readonly TimedKey[]; text: string; untilS: number } | undefined;
  return () => {
    const keys = ring();
    if (made?.keys === keys && nowS() < made.untilS) return made.text;
    const good = keys.filter(({ exp = Number.POSITIVE_INFINITY }) => exp > nowS());
    const untilS = Math.min(...good.map(({ exp = Number.POSITIVE_INFINITY }) => exp));
    made = { keys, untilS, text: JSON.stringify({ keys: good.map(toPublished) }) };
    return made.text;
  };
}

/** What verifies a signature, by name: whatever else stands in a file of keys is nobody's business. */
function toPublished({ kty, crv, x, kid, exp }: TimedKey): object {
  return { kty, crv, x, kid, exp, alg: "EdDSA", use: "sig" };
}
