import type { EventKind } from "./run-history.ts";

/** Kinds of events after which a run stands between two steps: what it is there is told by the history up to them. */
const CHECKPOINTS: ReadonlySet<string> = new Set<EventKind>([
  "RUN_STARTED",
  "RUN_FORKED",
  "STEP_SUCCEEDED",
  "STEP_DENIED",
]);

/** Whether a run may go on from an event; while branches are under way, others stand within their steps. */
export function isCheckpoint(kind: string, node: string | null): boolean {
  return CHECKPOINTS.has(kind) && node?.includes("/") !== true;
}
