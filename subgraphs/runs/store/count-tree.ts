import type { Tx } from "@soma/shared/postgres/connect";

/** Runs below the root of a tree, whatever became of them. */
export async function countTree(tx: Tx, { rootRunId }: { rootRunId: string }): Promise<number> {
  const [row] = await tx<{ runs: number }[]>`select count(*)::int as runs from run where root_run_id = ${rootRunId}`;
  return row?.runs ?? 0;
}
