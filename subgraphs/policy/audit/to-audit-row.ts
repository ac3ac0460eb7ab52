import type { AgentAuditEvent } from "@soma/schemas/events";
import { toStorableJson } from "@soma/shared/json";
import type { AuditRow } from "../store/tables.ts";

/** An audit event as it is kept. What Postgres cannot keep is replaced: a refused event would hold up all after it. */
export function toAuditRow(tenant: string, published: AgentAuditEvent): AuditRow {
  const event = toStorableJson(published) as unknown as AgentAuditEvent;
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
    traceId: event.trace_id === undefined || event.trace_id === "" ? null : event.trace_id,
    meta: event.meta,
  };
}
