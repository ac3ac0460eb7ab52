import type { Sql } from "@soma/shared/postgres/connect";

/** Whether the relay's lease is still the owner's under this fence, run out or not: nobody has claimed it since. */
export async function isRelayOwned(sql: Sql, { owner, fence }: { owner: string; fence: number }): Promise<boolean> {
  const rows = await sql`select from relay_cursor where shard = 0 and owner = ${owner} and fence = ${fence}`;
  return rows.length > 0;
}
