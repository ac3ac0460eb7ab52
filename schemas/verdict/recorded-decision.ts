import type { Json } from "../json.ts";

/** What a policy is asked; the head of conf/policies/tools.rego describes the same. */
export interface PolicyInput {
  actor: { id: string; tenant: string; role: string };
  tool: { name: string; version: string; risk: string };
  args_digest: string;
  args: Json;
  run: { id: string; step: string | null } | null;
  now: string;
}

/** A decision as it was stored, with what is needed to recompute it. */
export interface RecordedDecision {
  id: string;
  tenant: string;
  allow: boolean;
  reason: string;
  obligations: unknown;
  tool: string;
  toolVersion: string;
  risk: string;
  actor: string;
  role: string;
  argsDigest: string;
  runId: string | null;
  stepId: string | null;
  createdAt: string;
  expiresAt: string;
  /** The digest of policy and data that those are told who asked. */
  policyVersion: string;
  /** Null when it was made before this was kept. */
  record: DecisionRecord | null;
}

export interface DecisionRecord {
  /** SHA-256 of the compiled policy, hex. */
  policyRevision: string;
  /** SHA-256 of its data as canonical JSON, hex. */
  dataRevision: string;
  /** SHA-256 of the input, hex. */
  inputDigest: string;
  /** PolicyInput as canonical JSON (RFC 8785); null when it was too large to be kept, or is gone. */
  input: string | null;
}
