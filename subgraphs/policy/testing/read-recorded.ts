import type { RecordedDecision } from "@soma/schemas/verdict/recorded-decision";
import type { Sql } from "@soma/shared/postgres/connect";

/** A tenant's decisions as they are stored, oldest first, with every policy and all data there are. */
export async function readRecorded(owner: Sql, tenant: string) {
  const rows = await owner`select d.*, i.input from decision d
    left join decision_input i on i.tenant = d.tenant and i.digest = d.input_digest
    where d.tenant = ${tenant} order by decision_id`;
  const policies = await owner<{ wasm: Uint8Array }[]>`select wasm from policy_bundle`;
  const data = await owner<{ data: string }[]>`select data from policy_data`;
  return {
    decisions: rows.map((row) => toRecorded(row)),
    policies: policies.map(({ wasm }) => wasm),
    data: data.map(({ data: text }) => text),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a row as the table has it
function toRecorded(row: any): RecordedDecision {
  return {
    id: row.decision_id,
    tenant: row.tenant,
    allow: row.allow,
    reason: row.reason,
    obligations: row.obligations,
    tool: row.tool,
    toolVersion: row.tool_version,
    risk: row.risk,
    actor: row.actor,
    role: row.role,
    argsDigest: row.args_digest,
    runId: row.run_id,
    stepId: row.step_id,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    policyVersion: row.policy_version,
    record:
      row.input_digest === null
        ? null
        : {
            policyRevision: row.policy_revision,
            dataRevision: row.data_revision,
            inputDigest: row.input_digest,
            input: row.input,
          },
  };
}
