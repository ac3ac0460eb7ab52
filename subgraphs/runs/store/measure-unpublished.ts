import type { Sql } from "@soma/shared/postgres/connect";
import { isPublished } from "./select-published.ts";

/** Counting further says nothing more to whoever reads the metric. */
const COUNTED = 10_000;

export interface Unpublished {
  rows: number;
  /** Of the oldest, in seconds. */
  ageS: number;
  /** Of the oldest that waits for a transaction that is still open. */
  behindS: number;
  /** Events that were parked. */
  dead: number;
}

/** Journal rows that others have not heard of: those the relay has not come to, those behind an open transaction, and those of held runs; not those of a run that waits for a letter to be decided. */
export async function measureUnpublished(sql: Sql): Promise<Unpublished> {
  const ageOf = (which: string) =>
    sql`coalesce(extract(epoch from clock_timestamp() - min(at) ${sql.unsafe(which)}), 0)::float8`;
  const [row] = await sql<Unpublished[]>`
    select count(*)::int as rows, ${ageOf("")} as "ageS", ${ageOf("filter (where behind)")} as "behindS",
      (select count(*)::int from (select from outbox_dead limit ${COUNTED}) counted) as dead
    from ((select j.at, j.xid >= pg_snapshot_xmin(pg_current_snapshot()) as behind from journal j
        where (j.xid, j.run_id, j.seq) > ((select last_xid from relay_cursor where shard = 0),
            (select last_run from relay_cursor where shard = 0), (select last_seq from relay_cursor where shard = 0))
          and ${isPublished(sql)} and not exists (select from relay_held h where h.run_id = j.run_id)
        order by j.xid, j.run_id, j.seq limit ${COUNTED})
      union all
      (select held.at, false from (select * from relay_held where letter is null) h cross join lateral
        (select j.at from journal j where j.run_id = h.run_id and j.seq >= h.seq and ${isPublished(sql)}
          order by j.seq limit ${COUNTED}) held limit ${COUNTED})) waiting`;
  return row ?? { rows: 0, ageS: 0, behindS: 0, dead: 0 };
}
