import { payloadOf } from "@soma/schemas/run-history";
import type { HistoryEvent } from "./history.ts";

/** Whether the run goes on in another state from here, which its new graph has not folded. */
export function isMigration({ kind, payload }: HistoryEvent): boolean {
  return kind === "RUN_MIGRATED" && payloadOf(kind, payload).state !== null;
}

/** The graph that folds a history up to an event, as name@version#hash; `pin` is the one that the run has now. */
export function pinAt(events: readonly HistoryEvent[], seq: number, pin: string): string {
  const later = events.find((event) => event.seq > seq && isMigration(event));
  return later === undefined ? pin : payloadOf("RUN_MIGRATED", later.payload).from;
}
