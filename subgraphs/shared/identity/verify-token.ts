import { importJWK, type JWK, type JWTPayload, jwtVerify } from "jose";
import { isTenant } from "./principal.ts";

/** Whose tokens are good, and what they must be for. */
export interface TokenRules {
  publicKey: JWK;
  issuer: string | readonly string[];
  audience: string;
}

/** A token that was signed for this purpose and is good now: what every kind of token has, and the rest of its claims. */
export interface VerifiedToken {
  tenant: string;
  subject: string;
  expiresAt: Date;
  claims: JWTPayload;
}

/** Clocks of two machines may differ by this many seconds. */
const CLOCK_TOLERANCE_S = 5;

/**
 * The one place where a token is checked: signature (Ed25519 and nothing else), issuer, audience, begin and end, tenant
 * and subject. Each is required; a token that leaves one out is as bad as one that is wrong. Throws what jose throws, so
 * that each kind of token says it in its own words.
 */
export async function createTokenVerifier(rules: TokenRules): Promise<(token: string) => Promise<VerifiedToken>> {
  const { issuer, audience } = rules;
  const key = await importJWK(rules.publicKey, "EdDSA");
  return async (token) => {
    const { payload } = await jwtVerify(token, key, {
      issuer: typeof issuer === "string" ? issuer : [...issuer],
      audience,
      algorithms: ["EdDSA"],
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["iss", "aud", "exp", "sub", "tenant"],
    });
    return toVerified(payload);
  };
}

/** What a token says whose claims were checked. */
export function toVerified(payload: JWTPayload): VerifiedToken {
  const { tenant, sub: subject, exp } = payload;
  if (!isTenant(tenant) || typeof subject !== "string" || subject === "" || exp === undefined)
    throw new Error("the token does not name a tenant, a subject and an end");
  return { tenant, subject, expiresAt: new Date(exp * 1_000), claims: payload };
}
