import { CHAIN_START } from "@soma/schemas/run-chain";
import type { Tx } from "@soma/shared/postgres/connect";

/** Hash of one event of a run's history; the start of the chain for seq 0, undefined when the run has no such event. */
export async function readEventHash(
  tx: Tx,
  { runId, seq }: { runId: string; seq: number },
): Promise<string | undefined> {
  if (seq === 0) return CHAIN_START;
  const [row] = await tx<{ hash: string }[]>`
    select encode(j.hash, 'hex') as hash from lineage(${runId}) part
      join journal j on j.run_id = part.run_id and j.seq = ${seq} and j.seq > part.after_seq and j.seq <= part.up_to`;
  return row?.hash;
}
