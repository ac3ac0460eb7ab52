import { type CompactJWSHeaderParameters, errors, type JWK, type JWTPayload, jwtVerify } from "jose";
import { toCryptoKey } from "./crypto-key.ts";
import type { TokenHeader } from "./key-ring.ts";
import { isTenant } from "./principal.ts";

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
    const found: { keys?: readonly JWK[] } = {};
    for (let at = 0; ; at += 1) {
      try {
        // jose asks for a key once it has looked at the algorithm, and before it believes anything else.
        const verified = await jwtVerify(
          token,
          async ({ kid, alg }: CompactJWSHeaderParameters) => {
            found.keys ??= await rules.findKeys({ kid, alg });
            const key = found.keys[at];
            if (key === undefined) throw new errors.JWKSNoMatchingKey();
            return toCryptoKey(key, alg);
          },
          options,
        );
        return toVerified(verified.payload, tenantOf, found.keys?.[at]?.kid ?? verified.protectedHeader.kid);
      } catch (error) {
        const { keys = [] } = found;
        if (at + 1 >= keys.length || !isOfKey(error)) throw error;
      }
    }
  };
}

/**
 * Whether another key may do: this one did not sign the token, or is of no use. An issuer may publish a curve that the
 * runtime does not have or a key that is too short, and a good one behind it. What jose says of a token is no fault of a key.
 */
function isOfKey(error: unknown): boolean {
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSENotSupported) return true;
  return !(error instanceof errors.JOSEError || error instanceof ClaimsMissing);
}

class ClaimsMissing extends Error {}

/** What a token says whose claims were checked. */
export function toVerified(
  payload: JWTPayload,
  tenantOf: NonNullable<TokenRules["tenantOf"]> = tenantClaim,
  keyId?: string,
): VerifiedToken {
  const { sub: subject, exp } = payload;
  const tenant = tenantOf(payload);
  if (!isTenant(tenant) || typeof subject !== "string" || subject === "" || exp === undefined)
    throw new ClaimsMissing("the token does not name a tenant, a subject and an end");
  const expiresAt = new Date(exp * 1_000);
  if (Number.isNaN(expiresAt.getTime())) throw new ClaimsMissing("the token ends at no time that there is");
  return { tenant, subject, expiresAt, claims: payload, keyId };
}
