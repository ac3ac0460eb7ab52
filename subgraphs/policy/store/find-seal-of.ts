import type { Tx } from "@soma/shared/postgres/connect";
import { sealColumns } from "./seal-columns.ts";
import type { AuditSealRow } from "./tables.ts";

/** The seal that covers an event of a tenant. */
export async function findSealOf(
  tx: Tx,
  { tenant, eventId }: { tenant: string; eventId: string },
): Promise<AuditSealRow | null> {
  const [row] = await tx<AuditSealRow[]>`select ${sealColumns(tx)} from audit_seal
    where tenant = ${tenant} and audit_seal.first_seq <= (
      select seq from audit_leaf where tenant = ${tenant} and event_id = ${eventId})
    order by audit_seal.first_seq desc limit 1`;
  return row ?? null;
}
