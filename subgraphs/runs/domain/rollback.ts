import { payloadOf } from "@soma/schemas/run-history";
import { abandonedBy } from "./abandoned.ts";
import type { HistoryEvent } from "./history.ts";
import { type Step, toSteps } from "./steps.ts";

/** The events that count: all but those that a rollback took back. The newest one always does. */
export function effectiveEvents(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const abandoned = abandonedBy(events);
  return events.filter(({ seq }) => !abandoned(seq));
}

/** The events since the run last began: those of its limits of time count from there. */
export function sinceBegun(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  return events.slice(events.findLastIndex(({ kind }) => kind === "RUN_FORKED" || kind === "RUN_ROLLED_BACK") + 1);
}

/**
 * Steps that reached outside after a point, or took the place of one that had, and are not part of what stood there: a node
 * with effects writes its start before it has any.
 */
export function effectsSince(events: readonly HistoryEvent[], toSeq: number): Step[] {
  const ended = new Set(toSteps(events.filter(({ seq }) => seq <= toSeq)).flatMap(endedNumber));
  const reached = new Set(events.filter(reachedOutside).map(({ step }) => step));
  return toSteps(events).filter(({ number }) => reached.has(number) && !ended.has(number));
}

function reachedOutside({ kind, payload }: HistoryEvent): boolean {
  if (kind === "STEP_STARTED") return true;
  return (kind === "STEP_SUCCEEDED" || kind === "STEP_DENIED") && payloadOf(kind, payload).insteadOf !== undefined;
}

function endedNumber({ status, number }: Step): number[] {
  return status === "RUNNING" ? [] : [number];
}

/** The number a step has that begins after these events. */
export function nextStepAfter(events: readonly HistoryEvent[]): number {
  return events.reduce((highest, { step }) => Math.max(highest, step), 0) + 1;
}

/** Numbers of the signals that woke a step. */
export function heardSignals(events: readonly HistoryEvent[]): number[] {
  return events.flatMap((event) => {
    const signal = event.kind === "STEP_WOKEN" ? payloadOf(event.kind, event.payload).signal : null;
    return signal === null ? [] : [signal.no];
  });
}
