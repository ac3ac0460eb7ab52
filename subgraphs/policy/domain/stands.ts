import { isPolicyError, toPolicyError } from "@soma/schemas/verdict/policy-result";

interface Standing {
  allow: boolean;
  reason: string;
  policyVersion: string;
  expiresAt: Date;
}

interface Policy {
  now: Date;
  version: string;
  /** Why it decides nothing. */
  fault: string | undefined;
}

const BROKEN = toPolicyError("bundle").reason;

/**
 * Whether a decision is given again to whoever asks under its key. What was denied because the policy was broken does not
 * outlive that: once another one is in its place, or the same one can be loaded, as by a newer release, the question is a new one.
 */
export function stands(decision: Standing, { now, version, fault }: Policy): boolean {
  const isRepaired = fault === undefined && decision.reason === BROKEN;
  if (isPolicyError(decision) && (isRepaired || decision.policyVersion !== version)) return false;
  return decision.expiresAt > now;
}
