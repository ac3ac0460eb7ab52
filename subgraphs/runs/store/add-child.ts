import type { Tx } from "@soma/shared/postgres/connect";

/** One more child of a run that its owner still has under this epoch; says how deep the child is, and whether the run is to stop. */
export async function addChild(
  tx: Tx,
  { runId, epoch }: { runId: string; epoch: number },
): Promise<{ depth: number; control: number } | undefined> {
  const [row] = await tx<{ depth: number; control: number }[]>`
    update run set children = children + 1 where run_id = ${runId} and epoch = ${epoch} and status = 1
      returning depth + 1 as depth, control`;
  return row;
}
