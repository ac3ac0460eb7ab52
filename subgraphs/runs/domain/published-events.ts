import type { AgentRunEvent, AgentStepEvent } from "@soma/schemas/events";
import {
  EVENT_KIND,
  type EventKind,
  isStepEnd,
  payloadOf,
  STEP_END,
  type StepEndKind,
} from "@soma/schemas/run-history";
import { type HistoryEvent, stepIdOf } from "./history.ts";
import { type RunUsage, toRunUsage, toStepUsage } from "./published-usage.ts";
import { type CallCounts, outcomeOf, RUN_OUTCOME } from "./run-outcome.ts";
import { isFinished, RUN_STATUS, type RunStatusName } from "./run-status.ts";

/** What of a run its published events tell. */
export interface RunFacts {
  tenant: string;
  sessionId: string;
  graph: string;
  graphVersion: number;
  modelProfile: string;
  role: string;
  createdAt: Date;
  startedAt: Date | null;
  traceParent: string;
  /** Of the request that started it; empty when none did. */
  requestId: string;
  /** Run that started it; null when a request did. */
  parentRunId: string | null;
  /** Key under which it was started; left out while an event is only checked. */
  idemKey?: string;
  /** Left out while an event is only checked: its outcome is counted when it is published. */
  badCalls?: CallCounts;
  /** Left out like them. */
  usage?: RunUsage;
}

export type PublishedEvent =
  | { type: "agent.runs.v1"; data: AgentRunEvent }
  | { type: "agent.steps.v1"; data: AgentStepEvent };

/** Version of the stored form of a run: the journal's kinds and payloads. */
const RUN_SCHEMA_VERSION = 1;
export const ENGINE_BUILD = "0.1.0";

const RUN_STATUS_OF: Partial<Record<EventKind, RunStatusName>> = {
  RUN_STARTED: "READY",
  RUN_SUCCEEDED: "SUCCEEDED",
  RUN_FAILED: "FAILED",
  RUN_CANCELED: "CANCELED",
  RUN_PAUSED: "PAUSED",
  RUN_RESUMED: "RUNNING",
  RUN_FORKED: "READY",
  RUN_ROLLED_BACK: "READY",
  APPROVAL_ASKED: "WAITING_APPROVAL",
  APPROVAL_DECIDED: "RUNNING",
};

/** Codes of the journal rows that others hear of. */
export const PUBLISHED_KINDS: readonly number[] = (Object.keys(EVENT_KIND) as EventKind[])
  .filter((kind) => RUN_STATUS_OF[kind] !== undefined || isStepEnd(kind))
  .map((kind) => EVENT_KIND[kind]);

/** The event a journal row is to the outside, or undefined when it is only history. */
export function toPublishedEvent(run: RunFacts, event: HistoryEvent): PublishedEvent | undefined {
  const status = RUN_STATUS_OF[event.kind];
  if (status !== undefined) return { type: "agent.runs.v1", data: toRunEvent(run, event, status) };
  return isStepEnd(event.kind) ? { type: "agent.steps.v1", data: toStepEvent(run, event, event.kind) } : undefined;
}

function toRunEvent(run: RunFacts, event: HistoryEvent, status: RunStatusName): AgentRunEvent {
  return {
    run_id: event.runId,
    tenant: run.tenant,
    session_id: run.sessionId,
    run_version: run.graphVersion,
    run_schema_version: RUN_SCHEMA_VERSION,
    orchestrator_name: run.graph,
    orchestrator_build: ENGINE_BUILD,
    model_profile: run.modelProfile,
    status: RUN_STATUS[status].event,
    started_at: (run.startedAt ?? run.createdAt).toISOString(),
    trace_id: traceIdOf(run.traceParent),
    role: run.role,
    ...(run.requestId === "" ? {} : { request_ids: [run.requestId] }),
    ...(run.parentRunId === null ? {} : { parent_run_id: run.parentRunId }),
    ...(!isFinished(RUN_STATUS[status].code) ? {} : { finished_at: event.at.toISOString() }),
    ...(event.kind === "RUN_FAILED" ? { error_code: payloadOf("RUN_FAILED", event.payload).error.code } : {}),
    ...outcomeFields(status, run.badCalls),
    ...usageField(isFinished(RUN_STATUS[status].code) ? toRunUsage(run.usage) : undefined),
  };
}

function usageField<T>(usage: T | undefined): { usage?: T } {
  return usage === undefined ? {} : { usage };
}

function outcomeFields(
  status: RunStatusName,
  calls: CallCounts | undefined,
): Pick<AgentRunEvent, "outcome" | "failed_calls" | "denied_calls" | "cut_answers"> {
  const outcome = calls === undefined ? undefined : outcomeOf(RUN_STATUS[status].code, calls);
  if (calls === undefined || outcome === undefined) return {};
  const counts = { failed_calls: calls.failed, denied_calls: calls.denied, cut_answers: calls.cut };
  return { outcome: RUN_OUTCOME[outcome], ...counts };
}

function toStepEvent(run: RunFacts, event: HistoryEvent, kind: StepEndKind): AgentStepEvent {
  const end = payloadOf(kind, event.payload);
  return {
    run_id: event.runId,
    step_id: stepIdOf(event.runId, event.step),
    node_id: event.node ?? "",
    node_type: event.nodeType ?? "",
    status: STEP_END[kind].toLowerCase() as AgentStepEvent["status"],
    retry_count: Math.max(0, event.attempt - 1),
    started_at: end.startedAt ?? event.at.toISOString(),
    finished_at: event.at.toISOString(),
    latency_ms: end.latencyMs ?? 0,
    span_id: end.spanId,
    inputs_summary: end.inputSummary,
    outputs_summary: end.outputSummary,
    tenant: run.tenant,
    seq: event.seq,
    attempt: Math.max(1, event.attempt),
    trace_id: traceIdOf(run.traceParent),
    ...(run.requestId === "" ? {} : { request_id: run.requestId }),
    ...usageField("output" in end && end.insteadOf === undefined ? toStepUsage(event.nodeType, end.output) : undefined),
  };
}

/** Trace id of a W3C traceparent; empty when there is none. */
export function traceIdOf(traceParent: string): string {
  return /^00-([0-9a-f]{32})-/.exec(traceParent)?.[1] ?? "";
}
