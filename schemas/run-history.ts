import { isErased } from "./erased-payload.ts";
import { isRecord, type Json, type JsonObject } from "./json.ts";
import { parseSentPrompt, type SentPrompt } from "./sent-prompt.ts";

/**
 * The one contract of a run's history: the kinds of its events, what each kind's payload holds, and a parser per kind.
 * The engine writes by these types; whoever folds a history (replay, steps, published events, streams, the command
 * line, the web UI) reads through `payloadOf`, so that a field has one name and one fallback everywhere.
 *
 * A history outlives the program that wrote it. Parsers therefore take what an older or a newer version wrote: a field
 * that is missing or of another type gets the fallback below, a field that is not known here is left alone in the row.
 * Kinds and fields are only ever added; codes are never used again.
 */
export const EVENT_KIND = {
  RUN_STARTED: 1,
  RUN_RECOVERED: 2,
  RUN_CANCEL_REQUESTED: 3,
  RUN_SUCCEEDED: 4,
  RUN_FAILED: 5,
  RUN_CANCELED: 6,
  RUN_PAUSED: 7,
  RUN_RESUMED: 8,
  STEP_STARTED: 10,
  STEP_SUCCEEDED: 11,
  STEP_FAILED: 12,
  STEP_DENIED: 13,
  STEP_CANCELED: 14,
  STEP_RETRIED: 15,
  STEP_PARKED: 16,
  STEP_WOKEN: 17,
  RUN_PARKED: 18,
  STREAM_START: 20,
  STREAM_DATA: 21,
  STREAM_END: 22,
  APPROVAL_ASKED: 30,
  APPROVAL_DECIDED: 31,
  RUN_FORKED: 40,
  RUN_ROLLED_BACK: 41,
  RUN_MIGRATED: 44,
} as const;

/** The code is what the journal's table holds, the name is the event type clients see. */
export type EventKind = keyof typeof EVENT_KIND;

/** Kinds that end a step, and what the step is then. */
export const STEP_END = {
  STEP_SUCCEEDED: "SUCCEEDED",
  STEP_FAILED: "FAILED",
  STEP_DENIED: "DENIED",
  STEP_CANCELED: "CANCELED",
} as const satisfies Partial<Record<EventKind, string>>;
export type StepEndKind = keyof typeof STEP_END;
export type StepEndStatus = (typeof STEP_END)[StepEndKind];

/** How a stream ended; INTERRUPTED when its writer died. */
const STREAM_STATUS = ["OK", "ERROR", "TIMEOUT", "DENIED", "CANCELED", "TRUNCATED", "INTERRUPTED"] as const;
export type StreamStatus = (typeof STREAM_STATUS)[number];

/**
 * `content_type` of a stream that holds what a model thinks before it answers; every other stream of a model is its
 * answer.
 */
export const THINKING_CONTENT_TYPE = "text/vnd.soma.thinking";

export interface HistoryError {
  /** A code of the error catalogue. */
  code: string;
  message: string;
}

/** What every end of a step tells. */
interface StepEndPayload {
  /** RFC 3339; null in a row that does not say. */
  startedAt: string | null;
  latencyMs: number | null;
  /** One line for people; null in a row that does not say. */
  summary: string | null;
  /** What went in and came out, redacted, at most 1 KB each: these leave in agent.steps.v1. */
  inputSummary: string;
  outputSummary: string;
  /** Span of the attempt, 16 hex digits, or empty. */
  spanId: string;
}

export interface StepResultPayload extends StepEndPayload {
  /** What a person may look at. */
  output: Json;
  /** What the step changed in the run's state: the checkpoint. */
  patch: JsonObject;
  /** What a model was sent; left out of a step that asked none. */
  prompt?: SentPrompt;
  /** Number of the step whose place it took after a fork or a rollback: nothing was done. */
  insteadOf?: number;
}

export interface StepErrorPayload extends StepEndPayload {
  error: HistoryError;
}

interface StreamStartPayload {
  delim: "start";
  stream: string;
  seq: number;
  /** Name of the tool; null for text of the model. */
  tool: string | null;
  call_id: string;
  content_type: string;
}

interface StreamDataPayload {
  stream: string;
  seq: number;
  data: string;
}

interface StreamEndPayload {
  delim: "end";
  stream: string;
  seq: number;
  status: StreamStatus;
  bytes: number;
  sha256: string;
}

/** A frame as it stands in the history; its field names are the wire format of docs/messaging/stream-frames.md. */
export type StreamFramePayload = StreamStartPayload | StreamDataPayload | StreamEndPayload;

/** What was sent to a run. */
export interface SignalPayload {
  /** Its number among the run's signals, from 1. */
  no: number;
  name: string;
  payload: Json;
  /** Who sent it. */
  sentBy: string;
}

/** What a step asks a person. */
export interface ApprovalPayload {
  /** Name of the signal that answers it; the same question has the same name in every attempt. */
  name: string;
  question: string;
  /** What a person may look at before deciding. */
  details: Json;
  /** Role that whoever decides must have. */
  role: string;
  /** Whether it must be another one than who started the run. */
  byAnother: boolean;
  /** RFC 3339; until when it can be decided. Null: as long as the run may take. */
  until: string | null;
}

/** How a question was decided; `approved` is null when nobody did in time. */
export interface DecisionPayload {
  name: string;
  approved: boolean | null;
  comment: string | null;
  decidedBy: string | null;
}

/** What becomes of an effect when its run comes to the same place again, where it is not done anew. */
export type KeptStep = {
  /** Number of the step that had it. */
  step: number;
  node: string;
  /** How often its node had begun a step between the point and this one. */
  nth: number;
  /** The event that ended it, whose result stands; null: it is not done, and nothing stands for it. */
  result: { runId: string; seq: number } | null;
};

/**
 * The first own event of a run that goes on from an event of another one; what stands before it is that one's history.
 */
interface RunForkedPayload {
  /** The run that wrote the event before this one, that event's number and its hash. */
  fromRunId: string;
  fromSeq: number;
  fromHash: string;
  graph: string;
  input: JsonObject;
  role: string;
  modelProfile: string;
  sessionId: string;
  /** Number of the first step that begins after this: larger than all before. */
  nextStep: number;
  /** Left out where everything is done anew. */
  kept?: readonly KeptStep[];
}

/** What stands after `toSeq` and before this event counts no more: the run goes on from there. It stays to be read. */
interface RunRolledBackPayload {
  toSeq: number;
  /** Number of the first step that begins after this: what is done again has new numbers, and so new keys. */
  nextStep: number;
  /** Who asked for it, and the SHA-256 of the idempotency key of the request. */
  by: string;
  request: string;
  /** Left out where everything is done anew. */
  kept?: readonly KeptStep[];
}

/** The run goes on with another graph from here; both as name@version#hash. */
interface RunMigratedPayload {
  from: string;
  to: string;
  /**
   * What it goes on in and at: what stands before this is not folded by the new graph. Both null where it goes on as it
   * stands.
   */
  state: JsonObject | null;
  node: string | null;
}

/** How a step began. Fields are left out that say nothing. */
interface StepStartedPayload {
  summary: string | null;
  /** Digest of the state that the attempt was given; of a small one alone. */
  began?: string;
  /** What it does must not be done twice. */
  once?: true;
  /** How many branches the step has. */
  branches?: number;
}

/** The payload of each kind. */
export interface RunHistory {
  RUN_STARTED: { graph: string; input: JsonObject; role: string; modelProfile: string; sessionId: string };
  RUN_RECOVERED: { recoveries: number; epoch: number };
  RUN_CANCEL_REQUESTED: Record<never, never>;
  RUN_SUCCEEDED: { answer: string | null };
  RUN_FAILED: { error: HistoryError };
  RUN_CANCELED: { reason: string };
  RUN_PAUSED: Record<never, never>;
  RUN_RESUMED: Record<never, never>;
  /** Of several steps that wait, each told so when it began to; the run is nobody's until the first of them goes on. */
  RUN_PARKED: Record<never, never>;
  STEP_STARTED: StepStartedPayload;
  STEP_SUCCEEDED: StepResultPayload;
  STEP_DENIED: StepResultPayload;
  STEP_FAILED: StepErrorPayload;
  STEP_CANCELED: StepErrorPayload;
  /** With the span of the attempt that failed, as an end of a step has it. */
  STEP_RETRIED: { attempt: number | null; delayMs: number; error: HistoryError; spanId: string };
  /** The run is nobody's until the time has come, RFC 3339, or the signal; null where it waits for no such thing. */
  STEP_PARKED: { until: string | null; signal: string | null; summary: string | null; began?: string };
  /** With the signal that came; null when it was the time. */
  STEP_WOKEN: { signal: SignalPayload | null };
  STREAM_START: StreamStartPayload;
  STREAM_DATA: StreamDataPayload;
  STREAM_END: StreamEndPayload;
  /** The step waits for a person; a step that was begun again may ask once more. */
  APPROVAL_ASKED: ApprovalPayload;
  APPROVAL_DECIDED: DecisionPayload;
  RUN_FORKED: RunForkedPayload;
  RUN_ROLLED_BACK: RunRolledBackPayload;
  RUN_MIGRATED: RunMigratedPayload;
}

/** As what an erased payload is read: the words people see, and the fallback of every other field. */
const ERASED_FIELDS: Fields = {
  ...{ summary: "erased", question: "erased", reason: "erased" },
  error: { code: "ERASED", message: "erased" },
};

const BY_CODE = new Map<number, EventKind>(Object.entries(EVENT_KIND).map(([name, code]) => [code, name as EventKind]));

export function toEventKind(code: number): EventKind {
  const kind = BY_CODE.get(code);
  if (kind === undefined) throw new Error(`${code} is not a kind of journal row`);
  return kind;
}

export function isEventKind(name: string): name is EventKind {
  return Object.hasOwn(EVENT_KIND, name);
}

export function isStepEnd(kind: string): kind is StepEndKind {
  return Object.hasOwn(STEP_END, kind);
}

/** The payload of a kind, whatever was written there: what does not fit has its fallback. */
export function payloadOf<K extends EventKind>(kind: K, payload: unknown): RunHistory[K] {
  if (isErased(payload)) return PARSERS[kind](ERASED_FIELDS) as RunHistory[K];
  return PARSERS[kind](isRecord(payload) ? payload : {}) as RunHistory[K];
}

type Fields = Readonly<Record<string, unknown>>;
type Parsers = { [K in EventKind]: (fields: Fields) => RunHistory[K] };

const PARSERS: Parsers = {
  RUN_STARTED: (f) => ({
    graph: text(f.graph),
    input: object(f.input),
    role: text(f.role),
    modelProfile: text(f.modelProfile),
    sessionId: text(f.sessionId),
  }),
  RUN_RECOVERED: (f) => ({ recoveries: number(f.recoveries), epoch: number(f.epoch) }),
  RUN_CANCEL_REQUESTED: () => ({}),
  RUN_SUCCEEDED: (f) => ({ answer: textOrNull(f.answer) }),
  RUN_FAILED: (f) => ({ error: errorOf(f.error) }),
  RUN_CANCELED: (f) => ({ reason: text(f.reason) }),
  RUN_PAUSED: () => ({}),
  RUN_RESUMED: () => ({}),
  RUN_PARKED: () => ({}),
  STEP_STARTED: (f) => ({
    summary: textOrNull(f.summary),
    ...began(f),
    ...(f.once === true ? { once: true } : {}),
    ...(typeof f.branches === "number" ? { branches: f.branches } : {}),
  }),
  STEP_SUCCEEDED: stepResult,
  STEP_DENIED: stepResult,
  STEP_FAILED: stepError,
  STEP_CANCELED: stepError,
  STEP_RETRIED: (f) => ({
    attempt: numberOrNull(f.attempt),
    delayMs: number(f.delayMs),
    error: errorOf(f.error),
    spanId: text(f.spanId),
  }),
  STEP_PARKED: (f) => ({
    until: textOrNull(f.until),
    signal: textOrNull(f.signal),
    summary: textOrNull(f.summary),
    ...began(f),
  }),
  STEP_WOKEN: (f) => ({ signal: signalOf(f.signal) }),
  STREAM_START: (f) => ({
    delim: "start",
    ...place(f),
    tool: textOrNull(f.tool),
    call_id: text(f.call_id),
    content_type: text(f.content_type),
  }),
  STREAM_DATA: (f) => ({ ...place(f), data: text(f.data) }),
  STREAM_END: (f) => ({
    delim: "end",
    ...place(f),
    status: streamStatus(f.status),
    bytes: number(f.bytes),
    sha256: text(f.sha256),
  }),
  APPROVAL_ASKED: (f) => ({
    name: text(f.name),
    question: text(f.question),
    details: (f.details ?? null) as Json,
    role: text(f.role),
    byAnother: f.byAnother === true,
    until: textOrNull(f.until),
  }),
  APPROVAL_DECIDED: (f) => ({
    name: text(f.name),
    approved: typeof f.approved === "boolean" ? f.approved : null,
    comment: textOrNull(f.comment),
    decidedBy: textOrNull(f.decidedBy),
  }),
  RUN_FORKED: (f) => ({
    fromRunId: text(f.fromRunId),
    fromSeq: number(f.fromSeq),
    fromHash: text(f.fromHash),
    graph: text(f.graph),
    input: object(f.input),
    role: text(f.role),
    modelProfile: text(f.modelProfile),
    sessionId: text(f.sessionId),
    nextStep: number(f.nextStep),
    ...kept(f),
  }),
  RUN_ROLLED_BACK: (f) => ({
    toSeq: number(f.toSeq),
    nextStep: number(f.nextStep),
    by: text(f.by),
    request: text(f.request),
    ...kept(f),
  }),
  RUN_MIGRATED: (f) => ({
    from: text(f.from),
    to: text(f.to),
    state: isRecord(f.state) ? object(f.state) : null,
    node: textOrNull(f.node),
  }),
};

function began({ began: digest }: Fields): { began?: string } {
  return typeof digest === "string" ? { began: digest } : {};
}

function kept({ kept: steps }: Fields): { kept?: readonly KeptStep[] } {
  if (!Array.isArray(steps)) return {};
  return {
    kept: steps.filter(isRecord).map(({ step, node, nth, result }) => ({
      ...{ step: number(step), node: text(node), nth: number(nth) },
      result: isRecord(result) ? { runId: text(result.runId), seq: number(result.seq) } : null,
    })),
  };
}

function stepEnd(f: Fields): StepEndPayload {
  return {
    startedAt: textOrNull(f.startedAt),
    latencyMs: numberOrNull(f.latencyMs),
    summary: textOrNull(f.summary),
    inputSummary: text(f.inputSummary),
    outputSummary: text(f.outputSummary),
    spanId: text(f.spanId),
  };
}

function stepResult(f: Fields): StepResultPayload {
  const prompt = parseSentPrompt(f.prompt);
  return {
    ...stepEnd(f),
    output: (f.output ?? null) as Json,
    patch: object(f.patch),
    ...(prompt === undefined ? {} : { prompt }),
    ...(typeof f.insteadOf === "number" ? { insteadOf: f.insteadOf } : {}),
  };
}

function stepError(f: Fields): StepErrorPayload {
  return { ...stepEnd(f), error: errorOf(f.error) };
}

function errorOf(value: unknown): HistoryError {
  const error = isRecord(value) ? value : {};
  return { code: textOrNull(error.code) ?? "INTERNAL", message: textOrNull(error.message) ?? "no reason was recorded" };
}

function signalOf(value: unknown): SignalPayload | null {
  if (!isRecord(value)) return null;
  const payload = (value.payload ?? null) as Json;
  return { no: number(value.no), name: text(value.name), payload, sentBy: text(value.sentBy) };
}

function place(f: Fields): { stream: string; seq: number } {
  return { stream: text(f.stream), seq: number(f.seq) };
}

/** An end that cannot be read is still an end; what it was is not known. */
function streamStatus(value: unknown): StreamStatus {
  return STREAM_STATUS.find((status) => status === value) ?? "ERROR";
}

function object(value: unknown): JsonObject {
  return isRecord(value) ? (value as JsonObject) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number {
  return numberOrNull(value) ?? 0;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
