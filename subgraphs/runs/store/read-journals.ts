import type { Sql } from "@soma/shared/postgres/connect";
import { type HistoryRow, historyColumns } from "./history-columns.ts";

const AT_ONCE = 1_000;

/**
 * What is recorded of runs, one after the other, each from its first event on and with those before a fork, without what was
 * streamed. No more than one history is held at a time.
 */
export async function* readJournals(
  sql: Sql,
  { runIds }: { runIds: readonly string[] },
): AsyncGenerator<{ runId: string; rows: HistoryRow[] }> {
  const pages = sql<(HistoryRow & { ofRun: string })[]>`
    select asked.run_id as "ofRun", ${historyColumns(sql)} from unnest(${[...runIds]}::uuid[]) asked(run_id)
      cross join lateral lineage(asked.run_id) part
      cross join lateral (select * from journal x
        where x.run_id = part.run_id and x.seq > part.after_seq and x.seq <= part.up_to and x.kind not between 20 and 22) j
     order by asked.run_id, j.seq`.cursor(AT_ONCE);
  let read: { runId: string; rows: HistoryRow[] } | undefined;
  for await (const page of pages)
    for (const { ofRun, ...row } of page) {
      if (read !== undefined && read.runId !== ofRun) yield read;
      if (read?.runId !== ofRun) read = { runId: ofRun, rows: [] };
      read.rows.push(row);
    }
  if (read !== undefined) yield read;
}
