import type { Tx } from "@soma/shared/postgres/connect";
import type { CallCounts } from "../domain/run-outcome.ts";

/** Tool calls of each run that failed and that were denied; a run without any is left out. */
export async function countBadCalls(
  tx: Tx,
  { runIds }: { runIds: readonly string[] },
): Promise<Map<string, CallCounts>> {
  const rows = await tx<(CallCounts & { runId: string })[]>`
    select run_id as "runId", (count(*) filter (where not denied))::int as failed, (count(*) filter (where denied))::int as denied
      from bad_call where run_id = any (${[...runIds]}::uuid[]) group by run_id`;
  return new Map(rows.map(({ runId, ...counts }) => [runId, counts]));
}
