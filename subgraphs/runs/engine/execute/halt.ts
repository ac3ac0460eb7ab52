import type { HistoryError } from "@soma/schemas/run-history";
import type { RunContext } from "./run-context.ts";

/** What stops a run at a step: it failed for good, or it was canceled. */
export class StepStopped extends Error {
  readonly outcome: "FAILED" | "CANCELED";
  readonly error: HistoryError;

  constructor(outcome: "FAILED" | "CANCELED", error: HistoryError) {
    super(error.message);
    this.outcome = outcome;
    this.error = error;
  }
}

const CANCELED: HistoryError = { code: "CANCELED", message: "the run was canceled" };
const BESIDE: HistoryError = { code: "CANCELED", message: "a branch beside it failed" };

/** What stops the steps of a graph under way before they are done. */
export interface Halt {
  /** Aborted then, and also when the run is no longer ours. */
  signal: AbortSignal;
  /** Why they end canceled; undefined while they do not. */
  reason(): HistoryError | undefined;
}

/** Of a run's own graph: it is canceled. */
export function haltOfRun(context: RunContext): Halt {
  return { signal: context.signal, reason: () => (context.canceled() ? CANCELED : undefined) };
}

/** Of the branches of a step: `stop()` is called when one of them failed. */
export function haltOfBranches(outer: Halt): Halt & { stop(): void } {
  const controller = new AbortController();
  return {
    signal: AbortSignal.any([outer.signal, controller.signal]),
    reason: () => outer.reason() ?? (controller.signal.aborted ? BESIDE : undefined),
    stop: () => controller.abort(),
  };
}
