import { isCheckpoint } from "@soma/schemas/checkpoint";
import type { LogEvent } from "../../run-log/view.ts";

/** Events that a run may go on from: its start, and the ends of its steps. */
export function checkpointsOf(events: readonly LogEvent[]): readonly LogEvent[] {
  return events.filter(({ type, nodeId }) => isCheckpoint(type, nodeId));
}

/** The checkpoints next to an event; undefined where there is none. */
export function around(checkpoints: readonly LogEvent[], seq: number): { before?: number; after?: number } {
  const before = checkpoints.findLast((each) => each.seq < seq)?.seq;
  const after = checkpoints.find((each) => each.seq > seq)?.seq;
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** The checkpoints around a step; undefined where there is none. */
export interface StepPlaces {
  before?: LogEvent;
  after?: LogEvent;
}

/** The last checkpoint before a step, and its end where that is one. */
export function aroundStep(events: readonly LogEvent[], stepId: string): StepPlaces {
  const first = events.find((event) => event.stepId === stepId)?.seq;
  if (first === undefined) return {};
  const after = events.findLast((event) => event.stepId === stepId && isCheckpoint(event.type, event.nodeId));
  const before = events.findLast(({ seq, type, nodeId }) => seq < first && isCheckpoint(type, nodeId));
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Where a run began by itself: of a fork, not the start of its origin. */
export function ownStart(events: readonly LogEvent[], runId: string): number | undefined {
  return events.find((event) => event.runId === runId && isCheckpoint(event.type, event.nodeId))?.seq;
}

/** What a run had come to with an event: "step 5, tool". */
export function placeWords({ type, seq, stepNumber, nodeId }: LogEvent): string {
  if (type === "RUN_STARTED") return "the start";
  if (type === "RUN_FORKED") return "the start of the fork";
  return stepNumber === null ? `event ${seq}` : `step ${stepNumber}, ${nodeId}`;
}
