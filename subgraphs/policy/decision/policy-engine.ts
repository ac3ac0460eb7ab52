import type { Json } from "@soma/schemas/json";
import type { PolicyResult } from "./policy-result.ts";

/** What a policy is asked; the head of conf/policies/tools.rego describes the same. */
export interface PolicyInput {
  actor: { id: string; tenant: string; role: string };
  tool: { name: string; version: string; risk: string };
  args_digest: string;
  args: Json;
  run: { id: string; step: string | null } | null;
  now: string;
}

/** What decides, wherever it runs. */
export interface PolicyEngine {
  /** Digest of policy and data: what decided. */
  version: string;
  /** Why nothing can be decided, or undefined when all is well. */
  fault: string | undefined;
  /** Never throws: what cannot be decided is denied, with the reason `policy_error: ...`. */
  decide(input: PolicyInput): PolicyResult;
}
