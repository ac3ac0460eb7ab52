import type { Json } from "@soma/schemas/json";
import { errors, SignJWT } from "jose";
import { SomaError } from "../errors.ts";
import { type Keys, verifyKeysOf } from "./key-ring.ts";
import { createTokenSigner } from "./sign-token.ts";
import { createTokenVerifier, toVerified, type VerifiedToken } from "./verify-token.ts";

/** What a decision allowed, to whom, for which very call. */
export interface DecisionClaims {
  tenant: string;
  /** Subject that may make the call. */
  actor: string;
  role: string;
  tool: string;
  toolVersion: string;
  /** The risk the decision was made for; what carries it out compares it with its own register. */
  risk: string;
  /** SHA-256 of the canonical arguments, hex. */
  argsDigest: string;
  decisionId: string;
  /** The key the decision was asked for under, and the only one it may be carried out under: one decision, one call. */
  idempotencyKey: string;
  /** What the caller must do, such as {"timeout_ms": 1000}. */
  obligations: { [key: string]: Json };
  runId: string | null;
  stepId: string | null;
  expiresAt: Date;
}

const ISSUER = "soma-policy";
const AUDIENCE = "soma-tools";

export type SignDecision = (claims: Omit<DecisionClaims, "expiresAt">, expiresAt: Date) => Promise<string>;
export type VerifyDecision = (token: string) => Promise<DecisionClaims>;

/** Signs decisions (EdDSA), with the newest of the keys. Only the policy subgraph has the private ones. */
export function createDecisionSigner(keys: Keys): SignDecision {
  const sign = createTokenSigner(keys);
  return ({ actor, ...claims }, expiresAt) =>
    sign(
      new SignJWT({ ...claims })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(actor)
        .setIssuedAt()
        .setExpirationTime(expiresAt),
    );
}

/** Checks a decision token: DECISION_EXPIRED when it was good once, DECISION_INVALID for everything else that is wrong. */
export function createDecisionVerifier(keys: Keys): VerifyDecision {
  const verify = createTokenVerifier({ findKeys: verifyKeysOf(keys), issuer: ISSUER, audience: AUDIENCE });
  return async (token) => {
    const verified = await verify(token).catch((cause: unknown) => {
      if (cause instanceof errors.JWTExpired)
        throw new SomaError(
          "DECISION_EXPIRED",
          "the decision has expired; ask for it again with the same idempotency key",
          { cause },
        );
      throw new SomaError(
        "DECISION_INVALID",
        "the decision token is missing, incomplete or was not signed by the policy subgraph; ask `decide` for one",
        { cause },
      );
    });
    return parseClaims(verified);
  };
}

/** What a decision that was good once allowed, from the DECISION_EXPIRED its verifier threw; undefined for any other error. */
export function expiredClaimsOf(error: unknown): DecisionClaims | undefined {
  if (!(error instanceof SomaError) || error.code !== "DECISION_EXPIRED" || !(error.cause instanceof errors.JWTExpired))
    return undefined;
  return parseClaims(toVerified(error.cause.payload));
}

function parseClaims({ tenant, subject, expiresAt, claims }: VerifiedToken): DecisionClaims {
  const text = (name: string): string => {
    const value = claims[name];
    if (typeof value !== "string") throw new SomaError("DECISION_INVALID", `the decision token has no ${name}`);
    return value;
  };
  const { obligations } = claims;
  if (typeof obligations !== "object" || obligations === null)
    throw new SomaError("DECISION_INVALID", "the decision token has no obligations");
  return {
    tenant,
    actor: subject,
    role: text("role"),
    tool: text("tool"),
    toolVersion: text("toolVersion"),
    risk: text("risk"),
    argsDigest: text("argsDigest"),
    decisionId: text("decisionId"),
    idempotencyKey: text("idempotencyKey"),
    obligations: obligations as DecisionClaims["obligations"],
    runId: claims.runId === null ? null : text("runId"),
    stepId: claims.stepId === null ? null : text("stepId"),
    expiresAt,
  };
}
