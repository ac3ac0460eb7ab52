import type { Sql } from "../../postgres/connect.ts";

/** How many of these buckets are still leased to the owner under these epochs, run out or not: nobody has claimed them since. */
export async function countOwned(
  sql: Sql,
  { owner, epochs }: { owner: string; epochs: ReadonlyMap<number, string> },
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from outbox_lease l,
      unnest(${[...epochs.keys()]}::smallint[], ${[...epochs.values()]}::bigint[]) e(bucket, epoch)
    where l.bucket = e.bucket and l.epoch = e.epoch and l.owner = ${owner}`;
  return row?.count ?? 0;
}
