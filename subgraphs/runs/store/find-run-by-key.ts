import type { Tx } from "@soma/shared/postgres/connect";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

/** The run a tenant started under an idempotency key. */
export async function findRunByKey(
  tx: Tx,
  { tenant, idemKey }: { tenant: string; idemKey: string },
): Promise<RunRow | undefined> {
  const rows = await tx<StoredRun[]>`
    select ${runColumns(tx)} from run where tenant = ${tenant} and idem_key = ${idemKey}`;
  const [row] = await toRuns(tx, rows);
  return row;
}
