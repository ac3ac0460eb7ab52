import type { Sql } from "../../postgres/connect.ts";

/** Rows that wait, and the age of the oldest in seconds. */
export async function measureOutbox(sql: Sql): Promise<{ rows: number; ageS: number }> {
  const [row] = await sql<{ rows: number; ageS: number }[]>`select count(*)::int as rows,
    coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as "ageS" from outbox`;
  return row ?? { rows: 0, ageS: 0 };
}
