import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";

/** What canceling would do to each of some runs. */
export interface CancelPlan {
  stops: readonly RunSummaryFragment[];
  finished: readonly RunSummaryFragment[];
}

export function planCancel(runs: readonly RunSummaryFragment[]): CancelPlan {
  return {
    stops: runs.filter(({ status }) => !isFinished(status)),
    finished: runs.filter(({ status }) => isFinished(status)),
  };
}

export function planWords({ stops, finished }: CancelPlan): string {
  const total = stops.length + finished.length;
  const rest = finished.length === 0 ? "" : `; ${finished.length} already finished`;
  return `${stops.length} of ${total} would be canceled${rest}.`;
}
