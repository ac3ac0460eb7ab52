import type { Tx } from "@soma/shared/postgres/connect";
import type { AuditRow } from "./tables.ts";

/** Keeps an audit event, and gives whether it is new; one that is there already stays as it is. */
export async function insertAuditEvent(tx: Tx, row: AuditRow): Promise<boolean> {
  const { count } = await tx`insert into audit_event (tenant, event_id, category, actor, subject, decision, reason,
      policy_version, at, trace_id, meta)
    values (${row.tenant}, ${row.eventId}, ${row.category}, ${row.actor}, ${row.subject}, ${row.decision},
      ${row.reason}, ${row.policyVersion}, ${row.at}, ${row.traceId}, ${tx.json(row.meta as never)})
    on conflict do nothing`;
  return count > 0;
}
