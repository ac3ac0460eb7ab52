import { decodeProtectedHeader, errors, type JWK, type JWTPayload, jwtVerify } from "jose";
import { isTenant } from "./principal.ts";

/** What a token says about how it was signed, before anything of it is believed. */
export interface TokenHeader {
  kid?: string | undefined;
  alg?: string | undefined;
}

/** Whose tokens are good, and what they must be for. */
export interface TokenRules {
  /** The keys that may have signed such a token; none when it names one that there is not. */
  findKeys(header: TokenHeader): readonly JWK[] | Promise<readonly JWK[]>;
  issuer: string | readonly string[];
  audience: string;
  /** Ed25519 alone when left out. */
  algorithms?: readonly string[];
  /** Where the tenant stands; in the claim of that name when left out. */
  tenantOf?: (claims: JWTPayload) => unknown;
}

/** A token that was signed for this purpose and is good now: what every kind of token has, and the rest of its claims. */
export interface VerifiedToken {
  tenant: string;
  subject: string;
  expiresAt: Date;
  claims: JWTPayload;
  /** Id of the key that signed it, if it has one. */
  keyId?: string | undefined;
}

/** Clocks of two machines may differ by this many seconds. */
const CLOCK_TOLERANCE_S = 5;

const tenantClaim = ({ tenant }: JWTPayload): unknown => tenant;

/**
 * The one place where a token is checked: signature (by an algorithm of the rules and no other), issuer, audience, begin
 * and end, tenant and subject. Each is required; a token that leaves one out is as bad as one that is wrong. Throws what jose
 * throws, so that each kind of token says it in its own words, and what finding the keys throws.
 */
export function createTokenVerifier(rules: TokenRules): (token: string) => Promise<VerifiedToken> {
  const { issuer, audience, algorithms = ["EdDSA"], tenantOf = tenantClaim } = rules;
  const options = {
    issuer: typeof issuer === "string" ? issuer : [...issuer],
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ["iss", "aud", "exp", "sub"],
  };
  return async (token) => {
    const { kid, alg } = decodeProtectedHeader(token);
    // Before a key is looked for, which may have to be fetched.
    if (alg === undefined || !algorithms.includes(alg)) throw new errors.JOSEAlgNotAllowed(`${alg} is not taken`);
    let failure: Error = new errors.JWKSNoMatchingKey();
    for (const key of await rules.findKeys({ kid, alg })) {
      try {
        const { payload } = await jwtVerify(token, key, options);
        return { ...toVerified(payload, tenantOf), keyId: key.kid ?? kid };
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

/** What a token says whose claims were checked. */
export function toVerified(
  payload: JWTPayload,
  tenantOf: NonNullable<TokenRules["tenantOf"]> = tenantClaim,
): VerifiedToken {
  const { sub: subject, exp } = payload;
  const tenant = tenantOf(payload);
  if (!isTenant(tenant) || typeof subject !== "string" || subject === "" || exp === undefined)
    throw new Error("the token does not name a tenant, a subject and an end");
  return { tenant, subject, expiresAt: new Date(exp * 1_000), claims: payload };
}
