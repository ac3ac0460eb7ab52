import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { type HistoryRow, historyColumns, toEvents } from "./history-columns.ts";

/** The newest event of a run: what it ends with so far. */
export type Head = Pick<HistoryEvent, "runId" | "seq" | "hash" | "kind" | "payload">;

/** The newest event of each run; one index look-up per run. */
export async function readHeads(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<Map<string, Head>> {
  const rows = await tx<HistoryRow[]>`
    select ${historyColumns(tx)} from unnest(${[...runIds]}::uuid[]) r(run_id)
      cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j`;
  return new Map((await toEvents(tx, rows)).map((head) => [head.runId, head]));
}
