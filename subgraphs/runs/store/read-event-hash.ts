import { CHAIN_START } from "@soma/schemas/run-chain";
import type { Tx } from "@soma/shared/postgres/connect";

/** Hash of one event; the start of the chain for seq 0, undefined when the run has no such event. */
export async function readEventHash(
  tx: Tx,
  { runId, seq }: { runId: string; seq: number },
): Promise<string | undefined> {
  if (seq === 0) return CHAIN_START;
  const [row] = await tx<
    { hash: string }[]
  >`select encode(hash, 'hex') as hash from journal where run_id = ${runId} and seq = ${seq}`;
  return row?.hash;
}
