import type { Tx } from "@soma/shared/postgres/connect";

/** How many runs of a tenant have not ended, at most `most`; others who count for it wait until this transaction has ended. */
export async function countUnfinished(tx: Tx, { tenant, most }: { tenant: string; most: number }): Promise<number> {
  const [row] = await tx<{ count: number }[]>`select count_unfinished(${tenant}, ${most}::int) as count`;
  return row?.count ?? 0;
}
