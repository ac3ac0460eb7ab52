import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { type HistoryRow, historyColumns, toEvents } from "./history-columns.ts";

/** A step by its run and its number. */
export interface StepPlace {
  runId: string;
  step: number;
}

/** The same events of some steps as their own runs wrote them, and the rollbacks of those runs. */
export async function findStepEvents(tx: Tx, { places }: { places: readonly StepPlace[] }): Promise<HistoryEvent[]> {
  const runIds = places.map(({ runId }) => runId);
  const rows = await tx<HistoryRow[]>`
    select ${historyColumns(tx)} from (
      select s.* from unnest(${runIds}::uuid[], ${places.map(({ step }) => step)}::int[]) place(run_id, step)
        join journal s on s.run_id = place.run_id and s.step = place.step and s.kind between 10 and 16
      union all
      select r.* from unnest(${[...new Set(runIds)]}::uuid[]) asked(run_id)
        join journal r on r.run_id = asked.run_id and r.kind = 41) j
     order by j.run_id, j.step, j.seq`;
  return toEvents(tx, rows);
}
