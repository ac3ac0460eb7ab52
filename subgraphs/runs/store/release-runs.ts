import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

/** Hands runs back on an orderly stop, so that another worker takes them at once. */
export async function releaseRuns(
  sql: Sql,
  { owner, runIds }: { owner: Incarnation; runIds: readonly string[] },
): Promise<number> {
  const [row] = await sql<
    { released: number }[]
  >`select release_runs(${owner.no}::int, ${owner.workerId}::uuid, ${[...runIds]}::uuid[]) as released`;
  return row?.released ?? 0;
}
