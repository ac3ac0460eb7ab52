import type { Tx } from "@soma/shared/postgres/connect";
import { sealColumns } from "./seal-columns.ts";
import type { AuditSealRow } from "./tables.ts";

/** The newest seal of a tenant. */
export async function findLastSeal(tx: Tx, { tenant }: { tenant: string }): Promise<AuditSealRow | null> {
  const [row] = await tx<AuditSealRow[]>`select ${sealColumns(tx)} from audit_seal
    where tenant = ${tenant} order by number desc limit 1`;
  return row ?? null;
}
