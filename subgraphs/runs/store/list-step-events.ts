import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, inArray, sql } from "drizzle-orm";
import type { HistoryEvent } from "../domain/history.ts";
import { journal } from "./tables.ts";
import { toHistoryEvent } from "./to-history-event.ts";

/** Begins, waits, retries and ends of the steps of each run, oldest first; a run has at most some hundred steps. */
export async function listStepEvents(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<HistoryEvent[]> {
  const rows = await queryOn(tx)
    .select()
    .from(journal)
    // as the index journal_steps has it
    .where(and(inArray(journal.runId, [...runIds]), sql`${journal.kind} between 10 and 16`))
    .orderBy(asc(journal.runId), asc(journal.seq));
  return rows.map(toHistoryEvent);
}
