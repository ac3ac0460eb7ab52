import { SomaError } from "@soma/shared/errors";
import { createTokenVerifier, type TokenRules, type VerifiedToken } from "@soma/shared/identity/verify-token";
import { errors } from "jose";
import { NOTHING_REVOKED, type Revoked } from "./revoked.ts";

export interface AccessRules {
  /** What is revoked now; nothing when left out. */
  revoked?: () => Revoked;
  /** Told why a token was refused. */
  onTokenRefused?: (why: string) => void;
}

/** Checks the tokens that callers bring: throws UNAUTHENTICATED, or UNAVAILABLE while a token cannot be checked. */
export function createAccessVerifier(
  rules: TokenRules,
  { revoked = () => NOTHING_REVOKED, onTokenRefused = () => {}, signer }: AccessRules & { signer: string },
): (token: string) => Promise<VerifiedToken> {
  const verify = createTokenVerifier({
    ...rules,
    async findKeys(header) {
      if (header.kid !== undefined && revoked().keys.has(header.kid)) throw new Revocation("its key is revoked");
      const found = await rules.findKeys(header);
      // A token that names no key may have been signed by a revoked one, too.
      return found.filter(({ kid }) => kid === undefined || !revoked().keys.has(kid));
    },
  });
  return async (token) => {
    try {
      const verified = await verify(token);
      const { jti } = verified.claims;
      if (jti !== undefined && revoked().tokens.has(jti)) throw new Revocation("it is revoked");
      return verified;
    } catch (cause) {
      onTokenRefused(whyRefused(cause));
      if (cause instanceof SomaError) throw cause;
      throw new SomaError(
        "UNAUTHENTICATED",
        cause instanceof Revocation
          ? `the token is not taken any more: ${cause.message}`
          : `the token is missing, expired, incomplete or not signed by ${signer}`,
        { cause },
      );
    }
  };
}

class Revocation extends Error {}

/** Few words, for a metric. */
function whyRefused(cause: unknown): string {
  if (cause instanceof SomaError) return "keys unavailable";
  if (cause instanceof Revocation) return "revoked";
  if (cause instanceof errors.JWTExpired) return "expired";
  if (cause instanceof errors.JWTClaimValidationFailed) return "claims";
  if (cause instanceof errors.JWKSNoMatchingKey) return "unknown key";
  if (cause instanceof errors.JWSSignatureVerificationFailed) return "signature";
  return "malformed";
}
