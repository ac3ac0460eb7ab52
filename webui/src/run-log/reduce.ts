import { badCallOf } from "@soma/schemas/bad-call";
import { isErased } from "@soma/schemas/erased-payload";
import { type EventKind, isEventKind, payloadOf, type RunHistory } from "@soma/schemas/run-history";
import { applyStepEnd, applyStepParked, applyStepRetried, applyStepStarted, applyStepWoken } from "./apply-step.ts";
import { applyStreamData, applyStreamEnd, applyStreamStart } from "./apply-stream.ts";
import { addItem, type Draft, interruptOpen, settleSteps, toDraft, toView } from "./draft.ts";
import { questionOf } from "./question-of.ts";
import type { LogEvent, NoticeItem, RunView } from "./view.ts";

type Apply = { readonly [K in EventKind]: (draft: Draft, event: LogEvent, payload: RunHistory[K]) => void };

const APPLY: Apply = {
  RUN_STARTED: applyRunStarted,
  RUN_RECOVERED: applyRunRecovered,
  RUN_CANCEL_REQUESTED: applyCancelRequested,
  RUN_SUCCEEDED: applyRunSucceeded,
  RUN_FAILED: applyRunFailed,
  RUN_CANCELED: applyRunCanceled,
  RUN_PAUSED: applyRunStatus("PAUSED"),
  RUN_RESUMED: applyRunStatus("RUNNING"),
  RUN_PARKED: () => {},
  STEP_STARTED: applyStepStarted,
  STEP_RETRIED: applyStepRetried,
  STEP_PARKED: applyStepParked,
  STEP_WOKEN: applyStepWoken,
  STEP_SUCCEEDED: applyStepEnd("SUCCEEDED"),
  STEP_FAILED: applyStepEnd("FAILED"),
  STEP_DENIED: applyStepEnd("DENIED"),
  STEP_CANCELED: applyStepEnd("CANCELED"),
  STREAM_START: applyStreamStart,
  STREAM_DATA: applyStreamData,
  STREAM_END: applyStreamEnd,
  RUN_FORKED: applyRunForked,
  RUN_ROLLED_BACK: applyRunRolledBack,
  RUN_MIGRATED: (draft, event, { to }) =>
    addNotice(draft, event, "neutral", `The run goes on with another version of its graph: ${to}`),
  APPROVAL_ASKED: applyApprovalAsked,
  APPROVAL_DECIDED: applyApprovalDecided,
};

/** Kinds that an erased payload would be misread of: what is left of these is that they happened. */
const ERASED: { readonly [K in EventKind]?: (draft: Draft, event: LogEvent) => void } = {
  RUN_STARTED: applyErasedStart,
  RUN_FORKED: applyErasedStart,
  RUN_SUCCEEDED: (draft, event) => finish(draft, event, "SUCCEEDED"),
  APPROVAL_DECIDED: applyRunStatus("RUNNING"),
  STREAM_START: () => {},
  STREAM_DATA: () => {},
  STREAM_END: () => {},
};

/**
 * The view after some more events, oldest first. The same history gives the same view however it is cut into batches;
 * events the view has already are left out, and types it does not know only move its sequence number.
 */
export function reduce(view: RunView, events: readonly LogEvent[]): RunView {
  if (!events.some(({ seq }) => seq > view.seq)) return view;
  const draft = toDraft(view);
  for (const event of events) {
    if (event.seq <= draft.seq) continue;
    if (isEventKind(event.type)) apply(draft, event, event.type);
    countBadCall(draft, event);
    draft.seq = event.seq;
  }
  return toView(draft);
}

function apply<K extends EventKind>(draft: Draft, event: LogEvent, kind: K): void {
  const erased = isErased(event.payload) ? ERASED[kind] : undefined;
  if (erased === undefined) APPLY[kind](draft, event, payloadOf(kind, event.payload));
  else erased(draft, event);
}

function countBadCall(draft: Draft, event: LogEvent): void {
  const bad = badCallOf(event);
  if (bad === undefined) return;
  const count = ({ FAILED: "failed", DENIED: "denied", CUT: "cut" } as const)[bad];
  draft.badCalls = { ...draft.badCalls, [count]: draft.badCalls[count] + 1 };
}

function applyRunStarted(draft: Draft, event: LogEvent, payload: RunHistory["RUN_STARTED"]): void {
  draft.status = "RUNNING";
  draft.startedAt = event.at;
  draft.question = questionOf(payload.input);
  draft.role = payload.role;
  draft.modelProfile = payload.modelProfile;
}

function applyErasedStart(draft: Draft, event: LogEvent): void {
  draft.status = "RUNNING";
  draft.startedAt = event.at;
  const words = "What was asked and answered here was erased: its steps and times are left, and verified as before";
  addNotice(draft, event, "attention", words);
}

function applyRunRecovered(draft: Draft, event: LogEvent, { recoveries }: RunHistory["RUN_RECOVERED"]): void {
  // A row that does not count them is one more all the same.
  draft.recoveries = Math.max(recoveries, draft.recoveries + 1);
  interruptOpen(draft, "No end marker: the worker was lost and another one took over");
  settleSteps(draft, "INTERRUPTED", "The worker was lost during this attempt");
  addNotice(
    draft,
    event,
    "attention",
    "The worker was lost. Another one took the run over and goes on from the last recorded step",
  );
}

/** The question is the fork's own; what was answered before is its origin's. */
function applyRunForked(draft: Draft, event: LogEvent, payload: RunHistory["RUN_FORKED"]): void {
  goOn(draft, "This run goes on from here on its own");
  draft.question = questionOf(payload.input);
  const { fromSeq, fromRunId } = payload;
  const words = fromSeq === 1 ? "Another version of" : `This run was forked from event ${fromSeq} of`;
  addNotice(draft, event, "neutral", `${words} run ${fromRunId}`);
}

function applyRunRolledBack(draft: Draft, event: LogEvent, { toSeq }: RunHistory["RUN_ROLLED_BACK"]): void {
  goOn(draft, "A rollback took this back");
  const words = `The run was rolled back to event ${toSeq}: what came after it stays here and counts no more`;
  addNotice(draft, event, "attention", words);
}

/** As a run that has not ended, whatever it had come to. */
function goOn(draft: Draft, why: string): void {
  draft.status = "RUNNING";
  draft.finishedAt = null;
  draft.error = null;
  draft.cancelRequested = false;
  draft.pendingCalls = [];
  draft.openDecision = null;
  interruptOpen(draft, why);
  settleSteps(draft, "INTERRUPTED", why);
}

function applyApprovalAsked(draft: Draft, event: LogEvent, { question }: RunHistory["APPROVAL_ASKED"]): void {
  draft.status = "WAITING_APPROVAL";
  addNotice(draft, event, "attention", `A person is asked: ${question}`);
}

function applyApprovalDecided(draft: Draft, event: LogEvent, decision: RunHistory["APPROVAL_DECIDED"]): void {
  const { approved, comment, decidedBy } = decision;
  draft.status = "RUNNING";
  const words = `${decidedBy ?? ""} ${approved === true ? "approved" : "refused"}${comment === null ? "" : `: ${comment}`}`;
  addNotice(draft, event, "neutral", approved === null ? "Nobody decided in time" : words);
}

function applyRunStatus(status: "PAUSED" | "RUNNING"): (draft: Draft) => void {
  return (draft) => {
    draft.status = status;
  };
}

function applyCancelRequested(draft: Draft): void {
  draft.cancelRequested = true;
}

/** The answer is the model's last text. It is shown a second time only when it is another one. */
function applyRunSucceeded(draft: Draft, event: LogEvent, payload: RunHistory["RUN_SUCCEEDED"]): void {
  finish(draft, event, "SUCCEEDED");
  const answer = payload.answer ?? "";
  const last = draft.items.findLast((item) => item.kind === "text");
  if (last?.text.trim() === answer.trim()) return;
  if (answer.trim() === "") {
    addNotice(draft, event, "neutral", "The run finished without an answer");
    return;
  }
  const base = { key: `event:${event.seq}`, stepId: "", stepNumber: 0, attempt: 1, open: false, note: null };
  addItem(draft, { ...base, kind: "text", status: "SUCCEEDED", text: answer });
}

function applyRunFailed(draft: Draft, event: LogEvent, { error }: RunHistory["RUN_FAILED"]): void {
  finish(draft, event, "FAILED");
  draft.error = error;
  addNotice(draft, event, "failed", `The run failed: ${error.message}`);
}

function applyRunCanceled(draft: Draft, event: LogEvent, { reason }: RunHistory["RUN_CANCELED"]): void {
  finish(draft, event, "CANCELED");
  addNotice(draft, event, "neutral", reason === "" ? "The run was canceled" : `The run was canceled: ${reason}`);
}

function finish(draft: Draft, event: LogEvent, status: "SUCCEEDED" | "FAILED" | "CANCELED"): void {
  draft.status = status;
  draft.finishedAt = event.at;
  draft.pendingCalls = [];
  draft.openDecision = null;
  interruptOpen(draft, "No end marker: the run ended first");
  settleSteps(draft, "INTERRUPTED", "The run ended before this step did");
}

function addNotice(draft: Draft, event: LogEvent, tone: NoticeItem["tone"], text: string): void {
  addItem(draft, { kind: "notice", key: `event:${event.seq}`, tone, at: event.at, text });
}
