import type { Tx } from "@soma/shared/postgres/connect";

/** Locks a run of the transaction's tenant until its end; its status and the number of its signals. */
export async function lockRun(
  tx: Tx,
  { runId }: { runId: string },
): Promise<{ status: number; signals: number } | undefined> {
  const [row] = await tx<{ status: number; signals: number }[]>`
    select status, signals from run where run_id = ${runId} for no key update`;
  return row;
}
