import type { Json, JsonObject } from "@soma/schemas/json";
import type { HistoryError, StreamFramePayload, StreamStatus } from "@soma/schemas/run-history";
import type { SentPrompt } from "@soma/schemas/sent-prompt";
import type { StepServices } from "./services.ts";
import type { StepSql } from "./step-sql.ts";

/**
 * How often a step that failed is tried, and how long it waits in between: doubling from `initialMs`, with full jitter,
 * and no shorter than a provider asked for. A run whose step waits a second or longer is parked: no worker holds it,
 * and what is counted here is read from its history, so that it is the same in whichever process goes on.
 */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  maxAttempts: number;
  initialMs: number;
  maxMs: number;
  /**
   * Milliseconds from the first of several such failures in a row in which what only cannot be reached now, such as a
   * service that restarts, is waited for and counts as no attempt. Left out, as long as the run may take; 0 counts it
   * like any failure.
   */
  outageMs?: number;
  /**
   * Milliseconds that failed attempts may take together; after them no other begins, so that slow failures do not add
   * up.
   */
  withinMs?: number;
}

/** What a node gives back. */
export interface NodeResult<S> {
  /** What changes in the state; this is the checkpoint. */
  patch?: Partial<S>;
  /** One line a person can read. */
  summary: string;
  /** What a person may look at; part of the history. */
  output?: Json;
  /**
   * What a model was sent for it, as `listen()` heard it; part of the history as well, and shown to those who ask for
   * it.
   */
  prompt?: SentPrompt | undefined;
  /** What the event bus hears of the output: one line without texts of people. Left out, only its shape is told. */
  outputSummary?: string;
  /** A denied step is not a failure: the run goes on and the model is told. */
  denied?: boolean;
}

/** What a step asks a person, who approves it or not. */
export interface Question {
  /** One line; a person decides by it and the details. */
  question: string;
  details?: Json;
  /** Role that whoever decides must have; `approver` when left out. */
  role?: string;
  /** Whether it must be another one than who started the run. */
  byAnother?: boolean;
}

/** A run that a step starts, and waits for the end of. */
export interface ChildRun {
  /** Name of a registered graph. */
  graph: string;
  /** An object with a `text`, as of any run. */
  input: JsonObject;
  /** The step's own role when left out, or one that may do less. */
  role?: string;
}

/**
 * A step that is not done: it goes on when the time has come or what it waits for, in whichever process, and nobody
 * holds its run until then. A signal of that name which came earlier and woke no other step wakes it at once.
 */
export type Parked = {
  /** One line a person can read: what it waits for. */
  summary: string;
} & (
  | { parkedUntil: Date; parkedForSignal?: string }
  | { parkedUntil?: Date; parkedForSignal: string }
  | { parkedUntil?: Date; parkedForApproval: Question }
  | { parkedUntil?: Date; parkedForRun: ChildRun }
);

/** How a run ended that a step had started: with an answer, an error, or neither when it was canceled. */
export interface ChildResult {
  runId: string;
  status: "SUCCEEDED" | "FAILED" | "CANCELED";
  answer: string | null;
  error: HistoryError | null;
}

/** What woke a step that had parked: its time, or what it waited for. */
export type Wake =
  | { by: "TIME" }
  | { by: "SIGNAL"; name: string; payload: Json; sentBy: string }
  | { by: "DECISION"; approved: boolean; comment: string | null; decidedBy: string }
  | ({ by: "RUN" } & ChildResult);

/** True for a node that is not done yet. */
export function isParked(given: object): given is Parked {
  return (
    "parkedUntil" in given || "parkedForSignal" in given || "parkedForApproval" in given || "parkedForRun" in given
  );
}

/** A place in a graph: what is done there. */
export interface NodeSpec<S> {
  /** The kind of work, such as `model` or `tool`; events, metrics and pages group by it. */
  type: string;
  /**
   * Pure nodes do nothing outside: their result may be written a little later than the next one begins, and they may
   * run again.
   */
  pure?: boolean;
  /**
   * What it does must not be done twice, and it finds out by itself what became of an attempt whose end is not known,
   * as `atMostOnce()` does. The history tells so of each attempt.
   */
  once?: true;
  /**
   * What a node of effect `db` writes by `context.sql` is committed with its result, in one transaction: see
   * `inDatabase()`.
   */
  effect?: "db";
  retry?: RetryPolicy;
  /**
   * Milliseconds one attempt may take; its signal is aborted then, what it still gives is left alone, and it has failed
   * with TIMEOUT, which is tried again. A step that parks does not use it up. Left out, only the run's deadline counts.
   */
  timeoutMs?: number;
  /**
   * The node copies streams that live elsewhere: one left open by a dead attempt goes on instead of being interrupted.
   */
  copiesStreams?: boolean;
  /** Line for people while the step runs. */
  summary?: (state: S) => string;
  /**
   * What the event bus hears of the input: one line without texts of people. Left out, only the state's shape is told.
   */
  inputSummary?: (state: S, run: RunInfo) => string;
  /** Called again, with `context.woken`, when the step has parked. */
  run(state: S, context: StepContext): Promise<NodeResult<S> | Parked> | NodeResult<S> | Parked;
  /** What the step comes to when no attempt is left; left out, it fails and its run with it. */
  giveUp?(state: S, error: { code: string; message: string }): NodeResult<S>;
}

/** What a node may know of its run. */
export interface RunInfo {
  runId: string;
  tenant: string;
  sessionId: string;
  input: JsonObject;
  /** Role the run acts under; policy decides by it. */
  role: string;
  modelProfile: string;
  createdAt: Date;
  /** Rollbacks so far; part of `runKey`. */
  branch: number;
}

/** What a node is given beside the state. */
export interface StepContext {
  run: RunInfo;
  /** The run's id, a dot, and the step's number from 1; the same in every attempt. */
  stepId: string;
  stepNumber: number;
  /** From 1; grows with every retry and every take-over. */
  attempt: number;
  /** What woke the step when it had parked; it stays so in later attempts. Undefined before. */
  woken: Wake | undefined;
  /**
   * True when an earlier attempt of the step began and nobody knows whether it did what it does: its process died, or
   * it threw anything but STEP_NOT_DONE. Of matter to steps that must not be done twice: see `atMostOnce()`.
   */
  unsettled: boolean;
  /**
   * Then: since when it is known that the last attempt which may have done it is over, whatever it called may still be
   * at work.
   */
  unsettledSince?: Date | undefined;
  /** How often the step was woken; a stream that each of its calls starts has it in its name. */
  wakes: number;
  /** Aborted when the run is canceled, taken away, or the process stops. */
  signal: AbortSignal;
  /**
   * True when the run was canceled: what was begun outside has to be stopped. An aborted signal alone means that
   * somebody else goes on with the run, and with what was begun.
   */
  canceled(): boolean;
  /** What is outside: models, tools, policy, memory, the session; asked in the name of who started the run. */
  services: StepServices;
  /** The tables of the project; lent to nodes of effect `db` alone, until they end. */
  sql?: StepSql | undefined;
  streams: StreamWriter;
  log: StepLog;
  now(): Date;
}

/** A log line: fields, then a constant sentence. */
export interface StepLog {
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

/**
 * Text that people may watch while a step runs. Every stream that was started gets exactly one end, written here or by
 * the engine.
 */
export interface StreamWriter {
  start(params: { stream: string; tool?: string; callId: string; contentType: string }): void;
  data(stream: string, text: string): void;
  end(stream: string, status: StreamStatus): void;
  /** Copies a frame of another service; one that the history has already is left out. */
  copy(frame: StreamFramePayload): void;
}
