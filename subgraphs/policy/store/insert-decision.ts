import type { Tx } from "@soma/shared/postgres/connect";
import type { DecisionRow } from "./tables.ts";

/** Stores a decision. Belongs under its key's lock, and in one transaction with its audit event. */
export async function insertDecision(tx: Tx, row: DecisionRow): Promise<void> {
  await tx`insert into decision (tenant, decision_id, allow, reason, obligations, tool, tool_version, risk, actor, role,
      args_digest, policy_version, run_id, step_id, idem_key, idem_digest, created_at, expires_at)
    values (${row.tenant}, ${row.decisionId}, ${row.allow}, ${row.reason}, ${tx.json(row.obligations as never)},
      ${row.tool}, ${row.toolVersion}, ${row.risk}, ${row.actor}, ${row.role}, ${row.argsDigest}, ${row.policyVersion},
      ${row.runId}, ${row.stepId}, ${row.idemKey}, ${row.idemDigest}, ${row.createdAt}, ${row.expiresAt})`;
}
