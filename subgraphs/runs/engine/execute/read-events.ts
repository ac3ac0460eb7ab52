import type { Sql } from "@soma/shared/postgres/connect";
import { firstEvent } from "../../domain/first-event.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import { readHistory } from "../../store/read-history.ts";

const PAGE = 2_000;

/**
 * The history of a run that is claimed. Nobody had it before its first owner, so what its row tells is all there is then;
 * every later owner reads. No other writes meanwhile, so the pages need no common snapshot.
 */
export async function readEvents(sql: Sql, run: ClaimedRun): Promise<HistoryEvent[]> {
  if (run.toldByRow && run.epoch === 1) return [firstEvent(run)];
  const events: HistoryEvent[] = [];
  for (;;) {
    const page = await readHistory(sql, { runId: run.runId, afterSeq: events.length, limit: PAGE });
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}
