import type { AgentAuditEvent } from "@soma/schemas/events";
import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import type { Tx } from "@soma/shared/postgres/connect";
import { activeTraceId } from "@soma/shared/telemetry";
import type { DecisionRow } from "../store/tables.ts";
import { keepAuditEvent } from "./keep-audit-event.ts";

/** Keeps the audit event of a decision here, and publishes it. Belongs in the transaction that stores the decision. */
export async function auditDecision(tx: Tx, row: DecisionRow): Promise<void> {
  const { tenant } = row;
  const event = toEvent(row);
  await keepAuditEvent(tx, { tenant, event });
  await emit(tx, { type: "agent.audit.v1", tenant, key: tenant, data: event });
}

function toEvent(row: DecisionRow): AgentAuditEvent {
  return {
    event_id: newId("AuditEvent", row.createdAt.getTime()),
    category: "policy",
    actor: row.actor,
    subject: `tool:${row.tool}`,
    decision: row.allow ? "allow" : "deny",
    reason: row.reason,
    policy_version: row.policyVersion,
    timestamp: row.createdAt.toISOString(),
    tenant: row.tenant,
    trace_id: activeTraceId(),
    meta: {
      decision_id: row.decisionId,
      role: row.role,
      tool_version: row.toolVersion,
      risk: row.risk,
      args_digest: row.argsDigest,
      input_digest: row.inputDigest,
      policy_revision: row.policyRevision,
      data_revision: row.dataRevision,
      run_id: row.runId,
      step_id: row.stepId,
    },
  };
}
