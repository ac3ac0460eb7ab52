import type { Sql } from "@soma/shared/postgres/connect";

/** Counting further says nothing more to whoever reads the metric. */
const COUNTED = 10_000;

/**
 * Journal rows that others have not heard of yet, and the age of the oldest in seconds; rows behind a transaction that is
 * still open count too. `kinds` are the rows that others hear of.
 */
export async function measureUnpublished(
  sql: Sql,
  { kinds }: { kinds: readonly number[] },
): Promise<{ rows: number; ageS: number }> {
  const [row] = await sql<{ rows: number; ageS: number }[]>`
    select count(*)::int as rows, coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as "ageS"
    from (select j.at from relay_cursor c join journal j on j.xid >= c.last_xid and (j.xid, j.run_id, j.seq) > (c.last_xid, c.last_run, c.last_seq)
      where c.shard = 0 and j.kind = any (${[...kinds]}::smallint[]) limit ${COUNTED}) waiting`;
  return row ?? { rows: 0, ageS: 0 };
}
