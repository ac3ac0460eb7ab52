import type { Tx } from "@soma/shared/postgres/connect";
import { and, eq, inArray, or } from "drizzle-orm";
import type { HistoryEvent } from "../domain/history.ts";
import { readStepEvents } from "./list-step-events.ts";
import { journal } from "./tables.ts";

/** A step by its run and its number. */
export interface StepPlace {
  runId: string;
  step: number;
}

/** The same events of some steps, at least one. */
export function findStepEvents(tx: Tx, { places }: { places: readonly StepPlace[] }): Promise<HistoryEvent[]> {
  const byRun = Map.groupBy(places, ({ runId }) => runId);
  const ofRuns = [...byRun].map(([runId, wanted]) => {
    const steps = new Set(wanted.map(({ step }) => step));
    return and(eq(journal.runId, runId), inArray(journal.step, [...steps]));
  });
  return readStepEvents(tx, or(...ofRuns));
}
