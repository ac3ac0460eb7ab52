import type { AgentAuditEvent } from "@soma/schemas/events";
import type { AuditRow } from "./tables.ts";

/** An audit event as it is kept. */
export function toAuditRow(tenant: string, event: AgentAuditEvent): AuditRow {
  return {
    tenant,
    eventId: event.event_id,
    category: event.category,
    actor: event.actor,
    subject: event.subject,
    decision: event.decision,
    reason: event.reason,
    policyVersion: event.policy_version ?? null,
    at: new Date(event.timestamp),
    traceId: event.trace_id ?? null,
    meta: event.meta,
  };
}
