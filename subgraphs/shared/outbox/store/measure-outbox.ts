import type { Sql } from "../../postgres/connect.ts";

/** Rows that wait, counted up to 10 000, and the age of the oldest in seconds. */
export async function measureOutbox(sql: Sql): Promise<{ rows: number; ageS: number }> {
  const [row] = await sql<{ rows: number; ageS: number }[]>`
    select (select count(*)::int from (select from outbox limit 10000) counted) as rows,
      coalesce(extract(epoch from clock_timestamp() - min(oldest.created_at)), 0)::float8 as "ageS"
      from outbox_lease l cross join lateral (select created_at from outbox x where x.bucket = l.bucket order by x.id limit 1) oldest`;
  return row ?? { rows: 0, ageS: 0 };
}
