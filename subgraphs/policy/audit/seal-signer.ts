import { type AuditSeal, type SignedSeal, sealText } from "@soma/schemas/audit/sealed-event";
import { toCryptoKey } from "@soma/shared/identity/crypto-key";
import { type Keys, signingKeyOf } from "@soma/shared/identity/key-ring";

export type SignSeal = (seal: Omit<AuditSeal, "keyId">) => Promise<SignedSeal>;

/** Signs seals with the newest of the keys that sign decisions. A seal is no token: its text begins with a line of its own. */
export function createSealSigner(keys: Keys): SignSeal {
  const signingKey = signingKeyOf(keys);
  return async (unsigned) => {
    const key = signingKey();
    const seal = { ...unsigned, keyId: key.kid ?? null };
    const signing = (await toCryptoKey(key, "EdDSA")) as CryptoKey;
    const bytes = await crypto.subtle.sign("Ed25519", signing, new TextEncoder().encode(sealText(seal)));
    return { ...seal, signature: Buffer.from(bytes).toString("base64url") };
  };
}
