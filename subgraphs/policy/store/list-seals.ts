import type { Tx } from "@soma/shared/postgres/connect";
import { sealColumns } from "./seal-columns.ts";
import type { AuditSealRow } from "./tables.ts";

/** The next seals of a tenant after a number. */
export async function listSeals(
  tx: Tx,
  { tenant, after, limit }: { tenant: string; after: number; limit: number },
): Promise<AuditSealRow[]> {
  return tx<AuditSealRow[]>`select ${sealColumns(tx)} from audit_seal
    where tenant = ${tenant} and audit_seal.number > ${after} order by audit_seal.number limit ${limit}`;
}
