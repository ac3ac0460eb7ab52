import type { Tx } from "@soma/shared/postgres/connect";
import type { CallCounts } from "../domain/run-outcome.ts";

/** Tool calls in each run's history that failed and that were denied, and answers that were cut, without those that a rollback took back; a run without any is left out. */
export async function countBadCalls(
  tx: Tx,
  { runIds }: { runIds: readonly string[] },
): Promise<Map<string, CallCounts>> {
  const rows = await tx<(CallCounts & { runId: string })[]>`
    select asked.run_id as "runId", (count(*) filter (where not b.denied and not b.cut))::int as failed, (count(*) filter (where b.denied))::int as denied,
        (count(*) filter (where b.cut))::int as cut
      from unnest(${[...new Set(runIds)]}::uuid[]) asked(run_id) cross join lateral in_effect(asked.run_id) part
        join bad_call b on b.run_id = part.run_id and b.seq > part.after_seq and b.seq <= part.up_to
     group by asked.run_id`;
  return new Map(rows.map(({ runId, ...counts }) => [runId, counts]));
}
