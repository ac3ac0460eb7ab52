import type { Json } from "@soma/schemas/json";

/** What the policy is asked; the head of conf/policies/tools.rego describes the same. */
export interface PolicyInput {
  actor: { id: string; tenant: string; role: string };
  tool: { name: string; version: string; risk: string };
  args_digest: string;
  args: Json;
  run: { id: string; step: string | null } | null;
  now: string;
}

export interface PolicyResult {
  allow: boolean;
  reason: string;
  obligations: { [key: string]: Json };
  /** Seconds the decision is good for at most; the setting may lower it. */
  ttlSeconds: number;
}

/** The answer to everything that cannot be decided. */
export function denied(reason: string): PolicyResult {
  return { allow: false, reason, obligations: {}, ttlSeconds: 0 };
}
