import type { HistoryEvent } from "./history.ts";

/** Whether a run is paused where its history ends. */
export function isPaused(events: readonly HistoryEvent[]): boolean {
  return events.findLast(({ kind }) => kind === "RUN_PAUSED" || kind === "RUN_RESUMED")?.kind === "RUN_PAUSED";
}

/** Milliseconds a run was paused in all, to `now` when it is: they do not count against its deadline. */
export function pausedMs(events: readonly HistoryEvent[], now: Date): number {
  let since: Date | undefined;
  let sum = 0;
  for (const { kind, at } of events) {
    if (kind === "RUN_PAUSED") since ??= at;
    if (kind !== "RUN_RESUMED" || since === undefined) continue;
    sum += Math.max(0, at.getTime() - since.getTime());
    since = undefined;
  }
  return since === undefined ? sum : sum + Math.max(0, now.getTime() - since.getTime());
}
