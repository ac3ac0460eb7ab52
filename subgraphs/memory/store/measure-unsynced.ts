import type { Sql, Tx } from "@soma/shared/postgres/connect";

/** Counting further says nothing more to whoever reads it. */
const COUNTED = 10_000;

export interface Unsynced {
  rows: number;
  refused: number;
  /** Of the oldest, in seconds; 0 when none waits. */
  ageS: number;
}

/** What waits for SomaBrain's proof, and how much of that it refused, each counted to an end: the tenant's own in its transaction. */
export async function measureUnsynced(sql: Sql | Tx): Promise<Unsynced> {
  const [row] = await sql<Unsynced[]>`
    select (select count(*)::int from (select from memory_unsynced limit ${COUNTED}) counted) as rows,
      (select count(*)::int from (select from memory_unsynced where attempts > 0 limit ${COUNTED}) counted) as refused,
      coalesce((select extract(epoch from clock_timestamp() - i.created_at)
        from (select tenant, memory_id from memory_unsynced order by memory_id limit 1) u
        join memory_item i on i.tenant = u.tenant and i.memory_id = u.memory_id), 0)::float8 as "ageS"`;
  return row ?? { rows: 0, refused: 0, ageS: 0 };
}
