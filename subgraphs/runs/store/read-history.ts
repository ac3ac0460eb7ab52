import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import type { JournalRow } from "./tables.ts";
import { toHistoryEvent } from "./to-history-event.ts";

/** A run's events after a sequence number, oldest first. */
export async function readHistory(
  sql: Sql,
  { runId, afterSeq, limit }: { runId: string; afterSeq: number; limit: number },
): Promise<HistoryEvent[]> {
  const rows = await sql<Omit<JournalRow, "tenant">[]>`
    select run_id as "runId", seq, kind, step, node, node_type as "nodeType", attempt, at, payload, payload_hash as "payloadHash", hash
      from journal where run_id = ${runId} and seq > ${afterSeq} order by seq limit ${limit}`;
  return rows.map(toHistoryEvent);
}
