import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { type HistoryRow, historyColumns, toEvents } from "./history-columns.ts";

/** The event that a run wrote under a number. */
export async function findEvent(
  tx: Sql,
  { runId, seq }: { runId: string; seq: number },
): Promise<HistoryEvent | undefined> {
  const rows = await tx<HistoryRow[]>`
    select ${historyColumns(tx)} from journal j where j.run_id = ${runId} and j.seq = ${seq}`;
  return (await toEvents(tx, rows))[0];
}
