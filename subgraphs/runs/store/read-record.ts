import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { readHistory } from "./read-history.ts";

const PAGE = 2_000;

/** Everything of a run's history after a number that a run is folded from: all of it but what was streamed. */
export async function readRecord(
  tx: Tx,
  { runId, afterSeq = 0 }: { runId: string; afterSeq?: number },
): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? afterSeq;
    const page = await readHistory(tx, { runId, afterSeq: after, limit: PAGE, streams: false });
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}
