import type { Sql } from "@soma/shared/postgres/connect";

/** Of these runs, those that wait for a letter to be decided. */
export async function findParkedRuns(sql: Sql, { runIds }: { runIds: readonly string[] }): Promise<Set<string>> {
  if (runIds.length === 0) return new Set();
  const rows = await sql<{ runId: string }[]>`
    select run_id as "runId" from relay_held where letter is not null and run_id = any (${[...runIds]}::uuid[])`;
  return new Set(rows.map(({ runId }) => runId));
}
