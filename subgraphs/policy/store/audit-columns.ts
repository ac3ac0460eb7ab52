import type { Tx } from "@soma/shared/postgres/connect";

/** An audit event's columns under the names `AuditRow` has, for a select. */
export function auditColumns(tx: Tx) {
  return tx`tenant, event_id as "eventId", category, actor, subject, decision, reason,
    policy_version as "policyVersion", at, trace_id as "traceId", meta`;
}
