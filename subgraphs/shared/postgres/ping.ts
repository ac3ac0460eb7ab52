import type { Sql } from "./connect.ts";

/** Throws when the database does not answer. */
export async function ping(sql: Sql): Promise<void> {
  await sql`select 1`;
}
