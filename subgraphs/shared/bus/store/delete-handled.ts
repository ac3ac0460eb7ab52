import type { Sql } from "../../postgres/connect.ts";

/** Forgets what was handled longer ago than this, the oldest first; gives how many rows went. */
export async function deleteHandled(
  sql: Sql,
  { olderThanS, limit }: { olderThanS: number; limit: number },
): Promise<number> {
  const { count } = await sql`delete from inbox where ctid = any (array(
    select ctid from inbox where received_at < clock_timestamp() - make_interval(secs => ${olderThanS}) order by received_at limit ${limit}))`;
  return count;
}
