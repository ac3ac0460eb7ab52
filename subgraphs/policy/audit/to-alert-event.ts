import type { AgentAuditEvent } from "@soma/schemas/events";
import { derivedId } from "@soma/shared/ids";
import type { FalcoAlert } from "../domain/falco-alert.ts";

interface ToAlertEventParams {
  tenant: string;
  alert: FalcoAlert;
  /** Digest of what was sent: sent again, as Falco does when nobody answers in time, it is the same event. */
  digest: string;
  /** By our own clock: that of a node that was taken over says what it likes. */
  at: Date;
}

/** An alert as an audit event. */
export function toAlertEvent({ tenant, alert, digest, at }: ToAlertEventParams): AgentAuditEvent {
  const { rule, hostname, fields, ...rest } = alert;
  const container = fields["container.id"];
  const isContainer = typeof container === "string" && !["", "host"].includes(container);
  return {
    event_id: derivedId("AuditEvent", "falco", tenant, digest),
    category: "security",
    actor: "falco",
    subject: isContainer ? `container:${container}` : `host:${hostname}`,
    decision: "alert",
    reason: rule,
    timestamp: at.toISOString(),
    tenant,
    meta: { hostname, ...rest, fields },
  };
}
