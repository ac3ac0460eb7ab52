import type { SignJWT } from "jose";
import { toCryptoKey } from "./crypto-key.ts";
import { type Keys, signingKeyOf } from "./key-ring.ts";

/** Signs tokens (EdDSA) with the newest of the keys, and names it where it has a name. */
export function createTokenSigner(keys: Keys): (token: SignJWT) => Promise<string> {
  const signingKey = signingKeyOf(keys);
  return async (token) => {
    const key = signingKey();
    const named = key.kid === undefined ? {} : { kid: key.kid };
    return token.setProtectedHeader({ alg: "EdDSA", ...named }).sign(await toCryptoKey(key, "EdDSA"));
  };
}
