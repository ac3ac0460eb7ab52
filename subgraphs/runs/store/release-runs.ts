import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";
import type { Ownership } from "./find-owned-runs.ts";

/** Hands runs back on an orderly stop, so that another worker takes them at once. */
export async function releaseRuns(
  sql: Sql,
  { owner, runs }: { owner: Incarnation; runs: readonly Ownership[] },
): Promise<number> {
  const [row] = await sql<{ released: number }[]>`
    select release_runs(${owner.no}::int, ${owner.workerId}::uuid, ${runs.map(({ runId }) => runId)}::uuid[],
      ${runs.map(({ epoch }) => epoch)}::int[]) as released`;
  return row?.released ?? 0;
}
