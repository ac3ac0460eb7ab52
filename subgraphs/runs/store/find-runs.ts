import type { Tx } from "@soma/shared/postgres/connect";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

/** The runs of these ids that the transaction's tenant has. */
export async function findRuns(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<RunRow[]> {
  const rows = await tx<StoredRun[]>`select ${runColumns(tx)} from run where run_id = any (${[...runIds]}::uuid[])`;
  return toRuns(tx, rows);
}
