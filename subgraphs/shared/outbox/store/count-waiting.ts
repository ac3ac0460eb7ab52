import type { Sql } from "../../postgres/connect.ts";

/** How many events wait, in the outbox or behind a dead letter, counted up to `most`. */
export async function countWaiting(sql: Sql, { most }: { most: number }): Promise<number> {
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::int as waiting from (select from outbox union all select from outbox_dead where reason is null limit ${most}) counted`;
  return row?.waiting ?? 0;
}
