import type { RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";

/** A run that another one has started. */
export type StartedRun = Pick<RunSummaryFragment, "id" | "graph" | "status">;

/** What canceling would do to each of some runs. */
export interface CancelPlan {
  stops: readonly RunSummaryFragment[];
  finished: readonly RunSummaryFragment[];
  /** Those that would stop with them. */
  started: readonly StartedRun[];
}

export function planCancel(runs: readonly RunSummaryFragment[], started: readonly StartedRun[] = []): CancelPlan {
  const goesOn = ({ status }: StartedRun): boolean => !isFinished(status);
  return {
    stops: runs.filter(goesOn),
    finished: runs.filter(({ status }) => isFinished(status)),
    started: started.filter(goesOn),
  };
}

export function planWords({ stops, finished }: CancelPlan): string {
  const total = stops.length + finished.length;
  const rest = finished.length === 0 ? "" : `; ${finished.length} already finished`;
  return `${stops.length} of ${total} would be canceled${rest}.`;
}

/** The same of one run. */
export function oneWords({ stops: [run], started }: CancelPlan): string {
  if (run === undefined) return "It has finished already.";
  const { length } = started;
  const more = length === 0 ? "" : `, with ${length} ${length === 1 ? "run" : "runs"} that it has started`;
  return `It would be canceled${more}.`;
}
