import type { Tx } from "@soma/shared/postgres/connect";

/** Deletes so many rows of the history of runs of the transaction's tenant that went away; false when none are left. */
export async function deleteRetired(tx: Tx, { limit }: { limit: number }): Promise<boolean> {
  const [row] = await tx<{ more: boolean }[]>`select delete_retired(${limit}) as more`;
  return row?.more === true;
}
