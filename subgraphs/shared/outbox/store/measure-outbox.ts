import type { Sql } from "../../postgres/connect.ts";
import type { Waiting } from "../show-waiting.ts";

/** Counting further says nothing more to whoever reads the metric. */
const COUNTED = 10_000;

/** Rows that wait and rows that were parked, each counted to an end, and the age of the oldest that waits in seconds. */
export async function measureOutbox(sql: Sql): Promise<Waiting> {
  const [row] = await sql<Waiting[]>`
    select (select count(*)::int from (select from outbox limit ${COUNTED}) counted) as rows,
      (select count(*)::int from (select from outbox_dead where reason is not null limit ${COUNTED}) counted) as dead,
      coalesce(extract(epoch from clock_timestamp() - min(oldest.created_at)), 0)::float8 as "ageS"
      from outbox_lease l cross join lateral (select created_at from outbox x where x.bucket = l.bucket order by x.id limit 1) oldest`;
  return row ?? { rows: 0, ageS: 0, dead: 0 };
}
