import { isPolicyError } from "@soma/schemas/verdict/policy-result";

interface Standing {
  allow: boolean;
  reason: string;
  policyVersion: string;
  expiresAt: Date;
}

/**
 * Whether a decision is given again to whoever asks under its key. What was denied because the policy was broken does not
 * outlive that policy: once another one is in its place, the question is a new one.
 */
export function stands(decision: Standing, { now, version }: { now: Date; version: string }): boolean {
  if (isPolicyError(decision) && decision.policyVersion !== version) return false;
  return decision.expiresAt > now;
}
