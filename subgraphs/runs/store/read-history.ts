import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, eq, gt } from "drizzle-orm";
import type { HistoryEvent } from "../domain/history.ts";
import { journal } from "./tables.ts";
import { toHistoryEvent } from "./to-history-event.ts";

/** A run's events after a sequence number, oldest first. */
export async function readHistory(
  tx: Tx,
  { runId, afterSeq, limit }: { runId: string; afterSeq: number; limit: number },
): Promise<HistoryEvent[]> {
  const rows = await queryOn(tx)
    .select()
    .from(journal)
    .where(and(eq(journal.runId, runId), gt(journal.seq, afterSeq)))
    .orderBy(asc(journal.seq))
    .limit(limit);
  return rows.map(toHistoryEvent);
}
