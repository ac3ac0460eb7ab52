import type { Json } from "@soma/shared/json";
import { isStepEnd } from "./event-kind.ts";
import { type ErrorPayload, errorOf, type HistoryEvent, stepIdOf } from "./history.ts";

export type StepStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "DENIED" | "CANCELED";

/** A step as its events tell it. */
export interface Step {
  id: string;
  runId: string;
  number: number;
  nodeId: string;
  nodeType: string;
  status: StepStatus;
  attempt: number;
  summary: string | null;
  output: Json;
  error: ErrorPayload | null;
  startedAt: Date;
  finishedAt: Date | null;
  latencyMs: number | null;
}

/** Folds a run's history into its steps, in order. */
export function toSteps(events: Iterable<HistoryEvent>): Step[] {
  const steps = new Map<number, Step>();
  for (const event of events) {
    if (event.step === 0) continue;
    steps.set(event.step, apply(steps.get(event.step) ?? begin(event), event));
  }
  return [...steps.values()].sort((a, b) => a.number - b.number);
}

function begin(event: HistoryEvent): Step {
  return {
    id: stepIdOf(event.runId, event.step),
    runId: event.runId,
    number: event.step,
    nodeId: event.node ?? "",
    nodeType: event.nodeType ?? "",
    status: "RUNNING",
    attempt: event.attempt,
    summary: null,
    output: null,
    error: null,
    startedAt: event.at,
    finishedAt: null,
    latencyMs: null,
  };
}

function apply(step: Step, event: HistoryEvent): Step {
  const { payload } = event;
  const summary = typeof payload.summary === "string" ? payload.summary : step.summary;
  const next = { ...step, attempt: Math.max(step.attempt, event.attempt), summary };
  if (!isStepEnd(event.kind)) return next;
  const latencyMs =
    typeof payload.latencyMs === "number" ? payload.latencyMs : event.at.getTime() - step.startedAt.getTime();
  const status = event.kind.slice("STEP_".length) as StepStatus;
  const startedAt = typeof payload.startedAt === "string" ? new Date(payload.startedAt) : step.startedAt;
  return {
    ...next,
    status,
    output: payload.output ?? null,
    error: errorOf(payload),
    startedAt,
    finishedAt: event.at,
    latencyMs,
  };
}
