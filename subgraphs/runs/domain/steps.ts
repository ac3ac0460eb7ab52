import type { Json } from "@soma/schemas/json";
import { type HistoryError, isStepEnd, payloadOf, STEP_END, type StepEndStatus } from "@soma/schemas/run-history";
import type { SentPrompt } from "@soma/schemas/sent-prompt";
import { abandonedBy } from "./abandoned.ts";
import { type HistoryEvent, stepIdOf } from "./history.ts";

type StepStatus = "RUNNING" | StepEndStatus;

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
  /** What a model was sent; null of a step that asked none, or got no answer. */
  prompt: SentPrompt | null;
  error: HistoryError | null;
  startedAt: Date;
  finishedAt: Date | null;
  latencyMs: number | null;
  /** A rollback took it back: it is told, and counts no more. */
  abandoned: boolean;
}

/**
 * Folds a run's history into its steps, in order; of those that a fork took over, each is the step of the run that made
 * it.
 */
export function toSteps(events: Iterable<HistoryEvent>): Step[] {
  const all = [...events];
  const abandoned = abandonedBy(all);
  const steps = new Map<number, Step>();
  for (const event of all) {
    if (event.step === 0) continue;
    steps.set(event.step, {
      ...apply(steps.get(event.step) ?? begin(event), event),
      abandoned: abandoned(event.seq),
    });
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
    prompt: null,
    error: null,
    startedAt: event.at,
    finishedAt: null,
    latencyMs: null,
    abandoned: false,
  };
}

function apply(step: Step, event: HistoryEvent): Step {
  const next = { ...step, attempt: Math.max(step.attempt, event.attempt) };
  if (event.kind === "STEP_STARTED" || event.kind === "STEP_PARKED")
    return { ...next, summary: payloadOf(event.kind, event.payload).summary ?? step.summary };
  if (!isStepEnd(event.kind)) return next;
  const end = payloadOf(event.kind, event.payload);
  return {
    ...next,
    status: STEP_END[event.kind],
    summary: end.summary ?? step.summary,
    output: "output" in end ? end.output : null,
    prompt: "output" in end ? (end.prompt ?? null) : null,
    error: "error" in end ? end.error : null,
    startedAt: end.startedAt === null ? step.startedAt : new Date(end.startedAt),
    finishedAt: event.at,
    latencyMs: end.latencyMs ?? event.at.getTime() - step.startedAt.getTime(),
  };
}
