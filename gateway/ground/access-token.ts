import { SomaError } from "@soma/shared/errors";
import { createTokenVerifier, type TokenRules, type VerifiedToken } from "@soma/shared/identity/verify-token";
import { errors } from "jose";
import { NOTHING_REVOKED, type Revoked } from "./revoked.ts";

export interface AccessRules {
  /** What is revoked; nothing when left out. */
  revocations?: Revocations;
  /** Told why a token was refused. */
  onTokenRefused?: (why: string) => void;
}

/** What is revoked now, and word of each change. */
interface Revocations {
  current(): Revoked;
  onChange(listener: () => void): () => void;
}

/** Of a token that was good once: whether it still is. */
export interface Proof {
  isRevoked(): boolean;
  /** Calls when something was revoked, whatever it is, until the function it gives is called. */
  onRevocations(listener: () => void): () => void;
}

const NO_REVOCATIONS: Revocations = { current: () => NOTHING_REVOKED, onChange: () => () => {} };

/** Checks the tokens that callers bring: throws UNAUTHENTICATED, or UNAVAILABLE while a token cannot be checked. */
export function createAccessVerifier(
  rules: TokenRules,
  { revocations = NO_REVOCATIONS, onTokenRefused = () => {} }: AccessRules,
): (token: string) => Promise<VerifiedToken & { proof: Proof }> {
  const verify = createTokenVerifier(rules);
  return async (token) => {
    try {
      const verified = await verify(token);
      const proof = toProof(verified, revocations);
      if (proof.isRevoked()) throw new Revocation();
      return { ...verified, proof };
    } catch (cause) {
      onTokenRefused(whyRefused(cause));
      if (cause instanceof SomaError) throw cause;
      throw new SomaError(
        "UNAUTHENTICATED",
        cause instanceof Revocation
          ? "the token, or the key that signed it, is revoked"
          : `the token is missing, expired, incomplete or not signed by ${rules.issuer}`,
        { cause },
      );
    }
  };
}

function toProof({ keyId, claims: { jti } }: VerifiedToken, { current, onChange }: Revocations): Proof {
  return {
    isRevoked() {
      const { keys, tokens } = current();
      return (keyId !== undefined && keys.has(keyId)) || (jti !== undefined && tokens.has(jti));
    },
    onRevocations: onChange,
  };
}

class Revocation extends Error {}

/** Few words, for a metric. */
function whyRefused(cause: unknown): string {
  if (cause instanceof SomaError)
    return cause.cause instanceof errors.JWKSNoMatchingKey ? "unknown key" : "keys unavailable";
  if (cause instanceof Revocation) return "revoked";
  if (cause instanceof errors.JWTExpired) return "expired";
  if (cause instanceof errors.JWTClaimValidationFailed) return "claims";
  if (cause instanceof errors.JWKSNoMatchingKey) return "unknown key";
  if (cause instanceof errors.JWSSignatureVerificationFailed) return "signature";
  return "malformed";
}
