import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "./history.ts";

/** Events after which a run stands between two steps: what it is there is told by the history up to them. */
const CHECKPOINTS = ["RUN_STARTED", "RUN_FORKED", "STEP_SUCCEEDED", "STEP_DENIED"];

/** While branches are under way, others stand within their steps. */
function isCheckpoint({ kind, node }: HistoryEvent): boolean {
  return CHECKPOINTS.includes(kind) && node?.includes("/") !== true;
}

/** Throws BAD_INPUT, with the nearest ones, when a run cannot go on from an event because it is no checkpoint. */
export function checkCheckpoint(runId: string, events: readonly HistoryEvent[], seq: number): void {
  const found = events.find((event) => event.seq === seq);
  if (found !== undefined && isCheckpoint(found)) return;
  const checkpoints = events.filter(isCheckpoint).map((event) => event.seq);
  const near = [checkpoints.findLast((at) => at < seq), checkpoints.find((at) => at > seq)];
  const named = near.filter((at) => at !== undefined).join(" and ");
  const newest = events.at(-1)?.seq ?? 0;
  const why =
    seq < 1 || seq > newest ? `has no event ${seq}; its newest is ${newest}` : `is within a step at event ${seq}`;
  throw new SomaError(
    "BAD_INPUT",
    `run ${runId} ${why}; it can go on from its start and from the end of a step: nearest are ${named}`,
  );
}
