import type { Tx } from "@soma/shared/postgres/connect";

/**
 * Takes a run from whoever has it, and makes it ready to go on when the transaction ends; false, with nothing changed, when
 * it changed hands meanwhile. The locking is in 0021-forks-and-rollbacks.sql.
 */
export async function seizeRun(tx: Tx, { runId, deadline }: { runId: string; deadline: Date }): Promise<boolean> {
  const [row] = await tx<{ seized: boolean }[]>`select seize_run(${runId}, ${deadline}) as seized`;
  return row?.seized === true;
}
