import type { AgentAuditEvent } from "@soma/schemas/events";
import type { Tx } from "@soma/shared/postgres/connect";
import { insertAuditEvent } from "../store/insert-audit-event.ts";
import { toAuditRow } from "./to-audit-row.ts";

/** Keeps an audit event, whoever published it, and gives whether it is new; one that is kept already stays as it is. */
export async function keepAuditEvent(
  tx: Tx,
  { tenant, event }: { tenant: string; event: AgentAuditEvent },
): Promise<boolean> {
  return insertAuditEvent(tx, toAuditRow(tenant, event));
}
