import type { Tx } from "@soma/shared/postgres/connect";
import { auditColumns } from "./audit-columns.ts";
import type { AuditRow } from "./tables.ts";

/** The audit events of these ids that the transaction's tenant has, in no order; ids that are not found are left out. */
export async function findAuditEvents(tx: Tx, { eventIds }: { eventIds: readonly string[] }): Promise<AuditRow[]> {
  return tx<AuditRow[]>`select ${auditColumns(tx)} from audit_event where event_id = any (${[...eventIds]}::uuid[])`;
}
