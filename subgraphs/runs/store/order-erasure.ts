import type { Tx } from "@soma/shared/postgres/connect";

/** Why a run is not erased, and which run it is about: the one above it, one that has not ended, one that is held, or a held fork. */
export interface ErasureObstacle {
  obstacle: "CHILD" | "NOT_ENDED" | "HELD" | "FORK_HELD";
  runId: string;
}

/** Begins to erase a run with all that it has started, and gives what is in the way. Nothing goes on from any of them then. */
export async function orderErasure(
  tx: Tx,
  { runId, by, reason }: { runId: string; by: string; reason: string },
): Promise<ErasureObstacle | undefined> {
  const [row] = await tx<ErasureObstacle[]>`
    select obstacle, run_id as "runId" from order_erasure(${runId}, ${by}, ${reason})`;
  return row;
}
