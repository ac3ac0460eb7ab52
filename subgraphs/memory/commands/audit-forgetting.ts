import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import type { Tx } from "@soma/shared/postgres/connect";
import { activeTraceId } from "@soma/shared/telemetry";
import type { ForgettingRow } from "../store/tables.ts";

interface AuditForgettingParams {
  row: ForgettingRow;
  now: Date;
  /** That it was ordered, or that it is done. */
  decision: "forget" | "forgotten";
}

/** Tells the audit who had what forgotten and why, and how much went; never what it said. */
export async function auditForgetting(tx: Tx, { row, now, decision }: AuditForgettingParams): Promise<void> {
  const { tenant, forgettingId, memories, links, calls, words } = row;
  const counts = decision === "forget" ? {} : { memories, links, calls, words };
  await emit(tx, {
    type: "agent.audit.v1",
    tenant,
    key: tenant,
    data: {
      event_id: newId("AuditEvent", now.getTime()),
      category: "security",
      actor: row.orderedBy,
      subject: `memories of ${row.scope.toLowerCase()} ${row.target}`,
      decision,
      reason: row.reason,
      timestamp: now.toISOString(),
      meta: { forgetting_id: forgettingId, ...counts },
      tenant,
      trace_id: activeTraceId(),
    },
  });
}
