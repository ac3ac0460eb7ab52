import type { RunHistory, StepEndStatus, StepErrorPayload, StepResultPayload } from "@soma/schemas/run-history";
import { toolFields } from "./apply-stream.ts";
import { addItem, type Draft, findCard, interruptOpen, replaceItem, saveStep, stepOf } from "./draft.ts";
import { readStepOutput, type StepOutput } from "./step-output.ts";
import type { ItemStatus, LogEvent, StepView, ToolItem } from "./view.ts";

export function applyStepStarted(draft: Draft, event: LogEvent, payload: RunHistory["STEP_STARTED"]): void {
  const step = stepOf(draft, event);
  if (step === undefined) return;
  saveStep(draft, {
    ...step,
    status: "RUNNING",
    attempt: event.attempt ?? step.attempt,
    summary: payload.summary ?? step.summary,
    note: null,
    error: null,
  });
}

/** An attempt failed and another one follows; what the attempt had shown stays. */
export function applyStepRetried(draft: Draft, event: LogEvent, payload: RunHistory["STEP_RETRIED"]): void {
  const step = stepOf(draft, event);
  if (step === undefined) return;
  const { attempt, delayMs, error } = payload;
  const note = `Attempt ${attempt ?? step.attempt} failed: ${error.message} · next try after ${(delayMs / 1000).toFixed(1)} s`;
  interruptOpen(draft, "No end marker: the attempt ended first", step.id);
  saveStep(draft, { ...step, status: "WAITING", note, error });
}

/** The step waits for a time, and nobody holds its run meanwhile. */
export function applyStepParked(draft: Draft, event: LogEvent, { summary }: RunHistory["STEP_PARKED"]): void {
  const step = stepOf(draft, event);
  if (step !== undefined) saveStep(draft, { ...step, status: "WAITING", note: summary });
}

export function applyStepWoken(draft: Draft, event: LogEvent): void {
  const step = stepOf(draft, event);
  if (step !== undefined) saveStep(draft, { ...step, status: "RUNNING", note: null });
}

type StepEnd = StepResultPayload | StepErrorPayload;

export function applyStepEnd(status: StepEndStatus): (draft: Draft, event: LogEvent, payload: StepEnd) => void {
  return (draft, event, payload) => {
    const step = stepOf(draft, event);
    if (step === undefined) return;
    const output = readStepOutput("output" in payload ? payload.output : null);
    const ended: StepView = {
      ...step,
      status,
      attempt: event.attempt ?? step.attempt,
      summary: payload.summary ?? step.summary,
      note: null,
      startedAt: payload.startedAt ?? step.startedAt,
      latencyMs: payload.latencyMs,
      error: "error" in payload ? payload.error : null,
      decision: output.decision,
      call: step.nodeType === "tool" ? (INVOCATION_STATUS[output.status ?? ""] ?? null) : null,
    };
    interruptOpen(draft, "No end marker: the step ended first", step.id);
    saveStep(draft, ended);
    if (step.nodeType === "model") draft.pendingCalls = output.toolCalls;
    else if (step.nodeType === "policy") afterDecision(draft, event, ended);
    else if (step.nodeType === "tool") afterTool(draft, event, ended, output);
  };
}

/** An allowed call waits for its card; a denied one never runs, so its card is made here, closed. */
function afterDecision(draft: Draft, event: LogEvent, step: StepView): void {
  draft.openDecision = step.decision?.allow === true ? step.decision : null;
  if (step.status !== "DENIED" && step.decision?.allow !== false) return;
  const tool = step.decision?.tool ?? draft.pendingCalls[0]?.name ?? step.nodeId;
  const reason = step.decision?.reason ?? step.summary;
  addItem(draft, {
    ...closedCard(draft, event, step, tool),
    status: "DENIED",
    decision: { tool, allow: false, reason },
  });
  draft.pendingCalls = draft.pendingCalls.slice(1);
}

/** The step knows best how the call ended: a call may end without a stream, or after its stream broke off. */
function afterTool(draft: Draft, event: LogEvent, step: StepView, output: StepOutput): void {
  const result = output.output ?? "";
  const note = output.error ?? step.error?.message ?? null;
  const decision = step.decision;
  const close = (card: ToolItem): ToolItem => ({
    ...card,
    status: card.open ? card.status : cardStatus(step, output.status, card.status),
    output: result.startsWith(card.output) ? result : card.output,
    decision: decision ?? card.decision,
    note: note ?? card.note,
    attempt: step.attempt,
    latencyMs: step.latencyMs,
  });
  const card = findCard(draft, step.id);
  if (card === undefined) {
    const tool = output.tool ?? draft.openDecision?.tool ?? draft.pendingCalls[0]?.name ?? step.nodeId;
    addItem(draft, close(closedCard(draft, event, step, tool)));
  } else {
    replaceItem(draft, close(card));
  }
  draft.openDecision = null;
  draft.pendingCalls = draft.pendingCalls.slice(1);
}

const INVOCATION_STATUS: Record<string, ItemStatus> = {
  SUCCEEDED: "SUCCEEDED",
  TRUNCATED: "SUCCEEDED",
  FAILED: "FAILED",
  UNKNOWN: "INTERRUPTED",
  TIMED_OUT: "TIMED_OUT",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
};

function cardStatus(step: StepView, invocation: string | null, streamed: ItemStatus): ItemStatus {
  if (step.status === "DENIED" || step.decision?.allow === false) return "DENIED";
  if (step.status === "CANCELED") return "CANCELED";
  // A stream that timed out says more than the step's "failed".
  if (step.status === "FAILED") return streamed === "SUCCEEDED" ? "FAILED" : streamed;
  return INVOCATION_STATUS[invocation ?? ""] ?? streamed;
}

function closedCard(draft: Draft, event: LogEvent, step: StepView, tool: string): ToolItem {
  return {
    ...toolFields(draft, event, tool),
    key: `step:${step.id}`,
    stepId: step.id,
    stepNumber: step.number,
    attempt: step.attempt,
    status: step.status === "FAILED" ? "FAILED" : "SUCCEEDED",
    open: false,
    note: null,
    startedAt: step.startedAt,
    latencyMs: step.latencyMs,
  };
}
