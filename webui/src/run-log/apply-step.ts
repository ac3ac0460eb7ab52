import { toolFields } from "./apply-stream.ts";
import { addItem, type Draft, findCard, interruptOpen, replaceItem, saveStep, stepOf } from "./draft.ts";
import { errorOf, type Fields, numberOf, textOf, toFields } from "./payload.ts";
import type { DecisionView, ItemStatus, LogEvent, PendingCall, StepView, ToolItem } from "./view.ts";

type StepEnd = "SUCCEEDED" | "FAILED" | "DENIED" | "CANCELED";

export function applyStepStarted(draft: Draft, event: LogEvent): void {
  const step = stepOf(draft, event);
  if (step === undefined) return;
  const summary = textOf(toFields(event.payload), "summary") ?? step.summary;
  saveStep(draft, {
    ...step,
    status: "RUNNING",
    attempt: event.attempt ?? step.attempt,
    summary,
    note: null,
    error: null,
  });
}

/** An attempt failed and another one follows; what the attempt had shown stays. */
export function applyStepRetried(draft: Draft, event: LogEvent): void {
  const step = stepOf(draft, event);
  if (step === undefined) return;
  const payload = toFields(event.payload);
  const error = errorOf(payload);
  const seconds = ((numberOf(payload, "delayMs") ?? 0) / 1000).toFixed(1);
  const note = `Attempt ${numberOf(payload, "attempt") ?? step.attempt} failed: ${error?.message ?? "no reason was recorded"} · next try after ${seconds} s`;
  interruptOpen(draft, "No end marker: the attempt ended first", step.id);
  saveStep(draft, { ...step, status: "WAITING", note, error });
}

export function applyStepEnd(status: StepEnd): (draft: Draft, event: LogEvent) => void {
  return (draft, event) => {
    const step = stepOf(draft, event);
    if (step === undefined) return;
    const ended = endOf(step, status, event);
    interruptOpen(draft, "No end marker: the step ended first", step.id);
    saveStep(draft, ended);
    const output = toFields(toFields(event.payload).output);
    if (step.nodeType === "model") draft.pendingCalls = callsOf(output);
    else if (step.nodeType === "policy") afterDecision(draft, event, ended);
    else if (step.nodeType === "tool") afterTool(draft, event, ended, output);
  };
}

function endOf(step: StepView, status: StepEnd, event: LogEvent): StepView {
  const payload = toFields(event.payload);
  return {
    ...step,
    status,
    attempt: event.attempt ?? step.attempt,
    summary: textOf(payload, "summary") ?? step.summary,
    note: null,
    startedAt: textOf(payload, "startedAt") ?? step.startedAt,
    latencyMs: numberOf(payload, "latencyMs"),
    error: errorOf(payload),
    decision: decisionOf(payload),
  };
}

function decisionOf(payload: Fields): DecisionView | null {
  const output = toFields(payload.output);
  if (typeof output.allow !== "boolean") return null;
  return {
    tool: textOf(output, "tool") ?? "tool",
    allow: output.allow,
    reason: textOf(output, "reason") ?? "no reason was recorded",
  };
}

function callsOf(output: Fields): PendingCall[] {
  const calls = Array.isArray(output.toolCalls) ? output.toolCalls.map(toFields) : [];
  return calls.map((call) => ({ name: textOf(call, "name") ?? "", args: textOf(call, "arguments") ?? "" }));
}

/** An allowed call waits for its card; a denied one never runs, so its card is made here, closed. */
function afterDecision(draft: Draft, event: LogEvent, step: StepView): void {
  draft.openDecision = step.decision?.allow === true ? step.decision : null;
  if (step.status !== "DENIED" && step.decision?.allow !== false) return;
  const tool = step.decision?.tool ?? draft.pendingCalls[0]?.name ?? step.nodeId;
  const reason = step.decision?.reason ?? step.error?.message ?? step.summary;
  addItem(draft, {
    ...closedCard(draft, event, step, tool),
    status: "DENIED",
    decision: { tool, allow: false, reason },
  });
  draft.pendingCalls = draft.pendingCalls.slice(1);
}

/** The step knows best how the call ended: a call may end without a stream, or after its stream broke off. */
function afterTool(draft: Draft, event: LogEvent, step: StepView, output: Fields): void {
  const result = textOf(output, "output") ?? "";
  const note = textOf(output, "error") ?? step.error?.message ?? null;
  const decision = step.decision;
  const close = (card: ToolItem): ToolItem => ({
    ...card,
    status: card.open ? card.status : cardStatus(step, textOf(output, "status"), card.status),
    output: result.startsWith(card.output) ? result : card.output,
    decision: decision ?? card.decision,
    note: note ?? card.note,
    attempt: step.attempt,
    latencyMs: step.latencyMs,
  });
  const card = findCard(draft, step.id);
  if (card === undefined) {
    const tool = textOf(output, "tool") ?? draft.openDecision?.tool ?? draft.pendingCalls[0]?.name ?? step.nodeId;
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
    callId: null,
    status: step.status === "FAILED" ? "FAILED" : "SUCCEEDED",
    open: false,
    note: null,
    startedAt: step.startedAt,
    latencyMs: step.latencyMs,
  };
}
