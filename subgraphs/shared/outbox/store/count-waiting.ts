import type { Sql } from "../../postgres/connect.ts";

/** How many events wait in the outbox, counted up to `most`. */
export async function countWaiting(sql: Sql, { most }: { most: number }): Promise<number> {
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::int as waiting from (select from outbox limit ${most}) counted`;
  return row?.waiting ?? 0;
}
