import type { Tx } from "@soma/shared/postgres/connect";

/** How many runs of a tenant have not ended, at most `most`. */
export async function countUnfinished(tx: Tx, { tenant, most }: { tenant: string; most: number }): Promise<number> {
  const [row] = await tx<{ count: number }[]>`select count(*)::int as count from (
      select from run where tenant = ${tenant} and status < 10 limit ${most}) unfinished`;
  return row?.count ?? 0;
}
