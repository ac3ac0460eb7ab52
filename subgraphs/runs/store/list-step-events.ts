import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { type HistoryRow, historyColumns, toEvents } from "./history-columns.ts";

/**
 * Begins, waits, retries and ends of the steps in each run's history, step by step and of each the oldest first, and
 * its rollbacks; a run has at most some hundred steps.
 */
export async function listStepEvents(
  tx: Tx,
  { runIds }: { runIds: readonly string[] },
): Promise<Map<string, HistoryEvent[]>> {
  const rows = await tx<(HistoryRow & { ofRun: string })[]>`
    select asked.run_id as "ofRun", ${historyColumns(tx)} from unnest(${[...new Set(runIds)]}::uuid[]) asked(run_id)
      cross join lateral lineage(asked.run_id) part
      cross join lateral (
        -- each as its index has it
        select * from journal s where s.run_id = part.run_id and s.kind between 10 and 16
        union all select * from journal r where r.run_id = part.run_id and r.kind = 41) j
     where j.seq > part.after_seq and j.seq <= part.up_to
     order by asked.run_id, j.step, j.seq`;
  const byRun = Map.groupBy(await toEvents(tx, rows), ({ ofRun }) => ofRun);
  return new Map([...byRun].map(([runId, own]) => [runId, own.map(({ ofRun: _, ...event }) => event)]));
}
