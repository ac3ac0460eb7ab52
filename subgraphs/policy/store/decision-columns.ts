import type { Sql, Tx } from "@soma/shared/postgres/connect";

/** A decision's columns under the names `DecisionRow` has, for a select. */
export function decisionColumns(tx: Sql | Tx) {
  return tx`tenant, decision_id as "decisionId", allow, reason, obligations, tool, tool_version as "toolVersion", risk,
    actor, role, args_digest as "argsDigest", policy_version as "policyVersion",
    policy_revision as "policyRevision", data_revision as "dataRevision", input_digest as "inputDigest", run_id as "runId", step_id as "stepId",
    idem_key as "idemKey", idem_digest as "idemDigest", created_at as "createdAt", expires_at as "expiresAt"`;
}
