import type { Sql } from "@soma/shared/postgres/connect";

/** Throws when the database does not answer. */
export async function ping(sql: Sql): Promise<void> {
  await sql`select 1`;
}
