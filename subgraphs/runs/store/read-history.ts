import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { type HistoryRow, historyColumns, toEvents } from "./history-columns.ts";

export interface ReadHistoryParams {
  runId: string;
  afterSeq: number;
  limit: number;
  /** False leaves out what was streamed, which nothing is folded from. */
  streams?: boolean;
}

/**
 * Events of a run's history after a sequence number, oldest first; those before a fork as the run wrote them that it
 * was forked from.
 */
export async function readHistory(tx: Sql, params: ReadHistoryParams): Promise<HistoryEvent[]> {
  const { runId, afterSeq, limit, streams = true } = params;
  const rows = await tx<HistoryRow[]>`
    select ${historyColumns(tx)} from lineage(${runId}) part
      cross join lateral (select * from journal x
        where x.run_id = part.run_id and x.seq > greatest(part.after_seq, ${afterSeq}::int) and x.seq <= part.up_to
          ${streams ? tx`` : tx`and x.kind not between 20 and 22`}
        order by x.seq limit ${limit}) j
     order by j.seq limit ${limit}`;
  return toEvents(tx, rows);
}
