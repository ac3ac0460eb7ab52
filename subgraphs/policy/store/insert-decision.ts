import type { Tx } from "@soma/shared/postgres/connect";
import type { DecisionRow } from "./tables.ts";

interface InsertDecisionParams {
  row: DecisionRow;
  /** What the policy was asked, as the canonical JSON that has the row's digest; null when it is too large to be kept. */
  input: string | null;
}

/** Stores a decision, and its input once. Belongs under its key's lock, and in one transaction with its audit event. */
export async function insertDecision(tx: Tx, { row, input }: InsertDecisionParams): Promise<void> {
  await tx`with asked as (
      insert into decision_input (tenant, digest, input)
      select ${row.tenant}, ${row.inputDigest}, i from (values (${input}::text)) as given (i) where i is not null
      on conflict do nothing)
    insert into decision (tenant, decision_id, allow, reason, obligations, tool, tool_version, risk, actor, role,
      args_digest, policy_version, policy_revision, data_revision, input_digest, run_id, step_id, idem_key, idem_digest,
      created_at, expires_at)
    values (${row.tenant}, ${row.decisionId}, ${row.allow}, ${row.reason}, ${tx.json(row.obligations as never)},
      ${row.tool}, ${row.toolVersion}, ${row.risk}, ${row.actor}, ${row.role}, ${row.argsDigest}, ${row.policyVersion},
      ${row.policyRevision}, ${row.dataRevision}, ${row.inputDigest}, ${row.runId}, ${row.stepId}, ${row.idemKey},
      ${row.idemDigest}, ${row.createdAt}, ${row.expiresAt})`;
}
