import type { EventFieldsFragment, RunStatus, RunSummaryFragment } from "@soma/graphql/operations";
import { isFinished } from "@soma/graphql/run-status";
import type { HistoryError } from "@soma/schemas/run-history";

/** An event as it comes from the history. The type is open: a newer server may send types this page does not know. */
export type LogEvent = Omit<EventFieldsFragment, "type"> & { type: string };

/** How a stream, and the card or the text that shows it, stands. */
export type ItemStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "DENIED" | "TIMED_OUT" | "CANCELED" | "INTERRUPTED";

export type StepStatus = "RUNNING" | "WAITING" | "SUCCEEDED" | "FAILED" | "DENIED" | "CANCELED" | "INTERRUPTED";

/** What policy said about one tool call. */
export interface DecisionView {
  tool: string;
  allow: boolean;
  reason: string;
}

export interface StepView {
  id: string;
  number: number;
  nodeId: string;
  nodeType: string;
  status: StepStatus;
  attempt: number;
  /** One line a person can read; empty until the step has one. */
  summary: string;
  /** Why the step stands where it stands, such as the failure before a retry. */
  note: string | null;
  startedAt: string;
  latencyMs: number | null;
  error: HistoryError | null;
  decision: DecisionView | null;
  /** How the call of a tool step ended: the step succeeds when the end was heard, whatever it was. Null for other steps. */
  call: ItemStatus | null;
}

interface StreamedItem {
  key: string;
  stepId: string;
  stepNumber: number;
  attempt: number;
  status: ItemStatus;
  /** True until the end marker has come. An open stream may be shown as interrupted and still go on. */
  open: boolean;
  note: string | null;
}

/** Text of the model. */
export interface TextItem extends StreamedItem {
  kind: "text";
  text: string;
}

/** What the model thought before it answered: no part of the answer. */
export interface ThinkingItem extends StreamedItem {
  kind: "thinking";
  text: string;
}

export interface ToolItem extends StreamedItem {
  kind: "tool";
  tool: string;
  /** JSON text as the model wrote it; null when no model step told it. */
  args: string | null;
  output: string;
  decision: DecisionView | null;
  startedAt: string;
  latencyMs: number | null;
}

/** Something that happened to the run as a whole. */
export interface NoticeItem {
  kind: "notice";
  key: string;
  tone: "neutral" | "attention" | "failed";
  at: string;
  text: string;
}

export type Item = TextItem | ThinkingItem | ToolItem | NoticeItem;

/** A call the model asked for that has not been answered yet. */
export interface PendingCall {
  name: string;
  args: string;
}

/** Tool calls of a run that did not end well, and answers that were cut; it may have succeeded all the same. */
export interface BadCalls {
  failed: number;
  denied: number;
  cut: number;
}

const NO_BAD_CALLS: BadCalls = { failed: 0, denied: 0, cut: 0 };

/** A run as its events tell it: everything the page shows about it comes from here. */
export interface RunView {
  /** Sequence number of the newest event in this view; 0 before the first. */
  seq: number;
  status: RunStatus;
  question: string;
  role: string;
  modelProfile: string;
  startedAt: string | null;
  finishedAt: string | null;
  recoveries: number;
  cancelRequested: boolean;
  error: HistoryError | null;
  badCalls: BadCalls;
  steps: readonly StepView[];
  items: readonly Item[];
  pendingCalls: readonly PendingCall[];
  /** The newest decision that allowed a call which has not begun yet. */
  openDecision: DecisionView | null;
}

export const EMPTY_VIEW: RunView = {
  seq: 0,
  status: "QUEUED",
  question: "",
  role: "",
  modelProfile: "",
  startedAt: null,
  finishedAt: null,
  recoveries: 0,
  cancelRequested: false,
  error: null,
  badCalls: NO_BAD_CALLS,
  steps: [],
  items: [],
  pendingCalls: [],
  openDecision: null,
};

/**
 * The status to show when a list and a log of the run both tell one: a finished run stays finished, so that word is the
 * newer one; else the log, which is told every event, unless it has none yet.
 */
export function newerStatus(listed: RunStatus, view: RunView | undefined): RunStatus {
  return view === undefined || view.seq === 0 || isFinished(listed) ? listed : view.status;
}

/** The bad calls to show: what the server counted of a run that has ended is all of them, a log may still be coming. */
export function newerBadCalls(outcome: RunSummaryFragment["outcome"] | undefined, view: RunView | undefined): BadCalls {
  if (outcome === null || outcome === undefined) return view?.badCalls ?? NO_BAD_CALLS;
  return { failed: outcome.failedCalls, denied: outcome.deniedCalls, cut: outcome.cutAnswers };
}
