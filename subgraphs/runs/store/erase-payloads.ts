import type { Tx } from "@soma/shared/postgres/connect";

/** Erases so many payloads more of a run whose erasure was ordered; false when that was all. */
export async function erasePayloads(tx: Tx, { runId, limit }: { runId: string; limit: number }): Promise<boolean> {
  const [row] = await tx<{ more: boolean }[]>`select erase_payloads(${runId}, ${limit}) as more`;
  return row?.more === true;
}
