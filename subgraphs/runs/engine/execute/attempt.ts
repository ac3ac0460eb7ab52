import type { Json, JsonObject } from "@soma/schemas/json";
import { isParked, type NodeResult, type NodeSpec, type Parked, type StepContext, type Wake } from "@soma/sdk/node";
import { DEFAULT_RETRY, type Tries } from "@soma/sdk/retries";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import { durationHistogram } from "@soma/shared/metrics";
import { SPAN } from "@soma/shared/span-attributes";
import { type Span, type SpanContext, spanIdOf, withSpan } from "@soma/shared/telemetry";
import { stepIdOf } from "../../domain/history.ts";
import { toSummary } from "../../domain/step-summary.ts";
import type { Entry, EntryStep, Journal } from "../journal/journal.ts";
import { beganWith } from "./began-with.ts";
import { type Halt, StepStopped } from "./halt.ts";
import { lendSql } from "./lend-sql.ts";
import { nextAttemptMs } from "./retries.ts";
import type { RunContext } from "./run-context.ts";
import type { RunLimits } from "./run-limits.ts";
import { type OpenStep, type Scope, stateFault } from "./scope.ts";
import { StepStreams } from "./step-streams.ts";

const durations = durationHistogram("orchestrator_node_duration_seconds", "Steps by node type and how they ended", [
  "node_type",
  "status",
]);

/** One try of a step. */
export interface Attempt<S> {
  context: RunContext;
  journal: Journal;
  halt: Halt;
  limits: RunLimits;
  spec: NodeSpec<S>;
  scope: Scope;
  state: S;
  step: EntryStep;
  startedAt: Date;
  summary: string;
  streams: StepStreams;
  woken: Wake | undefined;
  wakes: number;
  unsettled: boolean;
  unsettledSince: Date | undefined;
  /** Span of what was tried before of the step, as far as it is known here; and its own, once it has one. */
  spanBefore: SpanContext | undefined;
  span: SpanContext | undefined;
  observe: (labels: { status: string }) => void;
}

export interface AttemptParams<S>
  extends Omit<Attempt<S>, "state" | "startedAt" | "summary" | "streams" | "unsettledSince" | "span" | "observe"> {
  unsettledSince: OpenStep["unsettledSince"];
  earlier: OpenStep["streams"];
}

export function toAttempt<S>({ earlier, ...params }: AttemptParams<S>): Attempt<S> {
  const { context, journal, spec, scope, step } = params;
  const { state } = scope;
  const streams = new StepStreams((entry) => journal.write({ ...entry, step }), earlier);
  const startedAt = context.now();
  const summary = lineOf(params, () => spec.summary?.(state)) ?? step.node;
  const observe = durations.startTimer({ node_type: spec.type });
  const unsettledSince = params.unsettled ? (params.unsettledSince ?? startedAt) : undefined;
  return { ...params, unsettledSince, state, startedAt, summary, streams, span: undefined, observe };
}

/**
 * Durable before it returns, where the node has effects; what goes wrong here is the run's, not the step's. A step that
 * `goesOn` had parked, and has been begun before.
 */
export async function beginAttempt<S>({
  goesOn,
  ...params
}: AttemptParams<S> & { goesOn: boolean }): Promise<Attempt<S>> {
  if (params.context.lost()) throw new SomaError("CANCELED", "the worker stops");
  const attempt = toAttempt(params);
  const { journal, scope, spec, step, streams, summary } = attempt;
  if (spec.copiesStreams !== true) streams.closeAll("INTERRUPTED");
  if (spec.pure !== true) {
    const once = spec.once === undefined ? {} : { once: spec.once };
    if (!goesOn) journal.write({ kind: "STEP_STARTED", step, payload: { summary, ...beganWith(scope), ...once } });
    await journal.barrier();
  }
  return attempt;
}

export async function runAttempt<S>(attempt: Attempt<S>): Promise<NodeResult<S> | Parked> {
  const { context, halt, spec } = attempt;
  // Its process may have stood still since the answer of the database: whoever took the run over has looked whether it
  // was done.
  if (spec.once === true && !(await context.isStillOurs())) throw new SomaError("FENCED", "the run was taken over");
  if (context.lost()) throw new SomaError("CANCELED", "the worker stops");
  if (halt.reason() !== undefined) throw new SomaError("CANCELED", "the step is not wanted any more");
  const end = spec.once === true ? context.beginOnce() : undefined;
  return work(attempt).finally(end);
}

async function work<S>(attempt: Attempt<S>): Promise<NodeResult<S> | Parked> {
  const { spec, state, streams, spanBefore: after, observe } = attempt;
  const trace = async (span: Span): Promise<NodeResult<S> | Parked> => {
    attempt.span = span.spanContext();
    if (spec.effect === "db") return runInDatabase(attempt);
    const given = await inTime(attempt, (signal) => spec.run(state, toStepContext(attempt, signal)));
    // A copy goes on where it stopped when the step does.
    if (isParked(given) && spec.copiesStreams === true) streams.rest();
    else streams.finish("OK");
    if (!isParked(given)) return endGood(attempt, given);
    observe({ status: "STEP_PARKED" });
    return given;
  };
  return withSpan(`step ${spec.type}`, attributesOf(attempt), trace, { after });
}

function attributesOf<S>({ context: { run }, step }: Attempt<S>) {
  return {
    ...{ [SPAN.run]: run.runId, [SPAN.recoveries]: run.recoveries },
    ...{ [SPAN.step]: step.number, [SPAN.node]: step.node, [SPAN.attempt]: step.attempt },
  };
}

/** Milliseconds of a step in the database: the server ends a transaction that stands idle for five seconds. */
const IN_DATABASE_MS = 4_000;

/** A step whose statements and end are one transaction. */
async function runInDatabase<S>(attempt: Attempt<S>): Promise<NodeResult<S>> {
  const { journal, spec, state, step, streams } = attempt;
  const timeoutMs = Math.min(spec.timeoutMs ?? IN_DATABASE_MS, IN_DATABASE_MS);
  let end: GoodEnd<S> | undefined;
  await journal.together(async (tx) => {
    const given = await inTime({ ...attempt, spec: { ...spec, timeoutMs } }, async (signal) => {
      const { sql, end: takeBack } = lendSql(tx, signal);
      try {
        return await spec.run(state, { ...toStepContext(attempt, signal), sql });
      } finally {
        await takeBack();
      }
    }).catch((error: unknown) => {
      // Errors of the node are told as they are: what else fails in a transaction is the database's.
      throw toSomaError(error);
    });
    if (isParked(given)) throw new SomaError("STEP_REFUSED", `the node ${step.node} waits inside a transaction`);
    streams.finish("OK");
    end = toGoodEnd(attempt, given);
    return end.entry;
  });
  if (end === undefined) throw new Error("a step was committed that did not end");
  attempt.observe({ status: end.entry.kind });
  return end.result;
}

/** Writes what a step came to. */
export function endGood<S>(attempt: Attempt<S>, given: NodeResult<S>): NodeResult<S> {
  const { entry, result } = toGoodEnd(attempt, given);
  attempt.journal.write(entry);
  attempt.observe({ status: entry.kind });
  return result;
}

interface GoodEnd<S> {
  entry: Extract<Entry, { kind: "STEP_SUCCEEDED" | "STEP_DENIED" }>;
  result: NodeResult<S>;
}

/**
 * What is written of a step that came to something; the patch is given back as the journal keeps it, so that going on
 * and replaying give the same state.
 */
function toGoodEnd<S>(attempt: Attempt<S>, result: NodeResult<S>): GoodEnd<S> {
  const { step, scope, limits } = attempt;
  const patch = toStorableJson(result.patch ?? {}) as JsonObject;
  const fault = stateFault(scope, patch, limits.maxStateBytes);
  if (fault !== undefined) return endBad(attempt, { code: "LIMIT_EXCEEDED", message: fault });
  const kind = result.denied === true ? "STEP_DENIED" : "STEP_SUCCEEDED";
  const payload = {
    ...endOf(attempt),
    summary: result.summary,
    outputSummary: toSummary(result.outputSummary, result.output),
    output: result.output ?? null,
    patch,
    ...(result.prompt === undefined ? {} : { prompt: result.prompt }),
  };
  return { entry: { kind, step, payload }, result: { ...result, patch: patch as NonNullable<NodeResult<S>["patch"]> } };
}

export function endCanceled<S>(attempt: Attempt<S>): never {
  const { journal, halt, step, streams } = attempt;
  const error = halt.reason() ?? { code: "CANCELED", message: "the run was canceled" };
  streams.finish("CANCELED");
  attempt.observe({ status: "STEP_CANCELED" });
  journal.write({ kind: "STEP_CANCELED", step, payload: { ...endOf(attempt), error } });
  throw new StepStopped("CANCELED", error);
}

export function endBad<S>(attempt: Attempt<S>, error: StepStopped["error"]): never {
  const { journal, step } = attempt;
  attempt.observe({ status: "STEP_FAILED" });
  journal.write({ kind: "STEP_FAILED", step, payload: { ...endOf(attempt), outputSummary: error.code, error } });
  throw new StepStopped("FAILED", error);
}

/**
 * What becomes of a step whose attempt failed: the milliseconds until the next one with what is shown of the error, or
 * what the node makes of having none left. Throws when it makes nothing of it, or the step is not wanted any more.
 */
export function afterFailure<S>(
  attempt: Attempt<S>,
  error: unknown,
  tries: Tries,
): NodeResult<S> | { delayMs: number; shown: StepStopped["error"] } {
  const { context, halt, spec, state, step, streams } = attempt;
  if (context.lost()) throw error;
  const known = toSomaError(error);
  if (known.code === "FENCED") throw error;
  if (halt.reason() !== undefined) return endCanceled(attempt);
  streams.finish("ERROR");
  const shown = { code: known.code, message: known.publicMessage };
  if (known.code === "INTERNAL") context.log.error({ err: error, node: step.node }, "a step failed unexpectedly");
  const delayMs = nextAttemptMs(spec.retry ?? DEFAULT_RETRY, known, tries, context.now());
  if (delayMs === undefined && spec.giveUp !== undefined) {
    context.log.warn({ err: error, node: step.node }, "a step did not come about, and its run goes on without it");
    return endGood(attempt, spec.giveUp(state, shown));
  }
  if (delayMs === undefined) return endBad(attempt, shown);
  attempt.observe({ status: "STEP_FAILED" });
  return { delayMs, shown };
}

/**
 * Gives what an attempt gives; throws when it takes too long. What it does after that is heard by nobody. In a
 * transaction that is taken back, it is not waited for either when it is to stop: what it wrote is not to be in
 * anybody's way.
 */
async function inTime<S, T>(
  { halt, spec, step }: Attempt<S>,
  run: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  const { timeoutMs } = spec;
  if (timeoutMs === undefined) return run(halt.signal);
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([halt.signal, late]);
  const waited = spec.effect === "db" ? signal : late;
  const over = Promise.withResolvers<never>();
  const give = (): void => over.reject(waited.reason);
  waited.addEventListener("abort", give);
  try {
    return await Promise.race([over.promise, run(signal)]);
  } catch (cause) {
    // Whatever a node throws that is told to stop, it is this that stopped it.
    if (!late.aborted || halt.signal.aborted) throw cause;
    throw new SomaError("TIMEOUT", `the node ${step.node} took longer than its ${timeoutMs} ms`, { cause });
  } finally {
    waited.removeEventListener("abort", give);
  }
}

function toStepContext<S>(
  { context, halt, step, streams, woken, wakes, unsettled, unsettledSince }: Attempt<S>,
  signal: AbortSignal,
): StepContext {
  const stepId = stepIdOf(context.run.runId, step.number);
  return {
    run: context.run,
    stepId,
    stepNumber: step.number,
    attempt: step.attempt,
    woken,
    wakes,
    unsettled,
    unsettledSince,
    signal,
    canceled: () => halt.reason() !== undefined,
    services: context.servicesOf({
      stepId,
      step: step.number,
      call: `${step.number}.${step.attempt}.${wakes}`,
      signal,
    }),
    streams,
    log: context.log,
    now: context.now,
  };
}

/** What a node says of its step; a step is not lost because nothing can be said of it. */
function lineOf<S>(
  { context, step }: Pick<Attempt<S>, "context" | "step">,
  say: () => string | undefined,
): string | undefined {
  try {
    return say();
  } catch (err) {
    context.log.warn({ err, node: step.node }, "a node cannot say what its step is about");
    return undefined;
  }
}

function endOf<S>(attempt: Attempt<S>) {
  const { context, spec, state, startedAt, summary, span } = attempt;
  const inputLine = lineOf(attempt, () => spec.inputSummary?.(state, context.run));
  return {
    startedAt: startedAt.toISOString(),
    latencyMs: context.now().getTime() - startedAt.getTime(),
    summary,
    inputSummary: toSummary(inputLine, state as Json),
    outputSummary: "",
    spanId: spanIdOf(span),
  };
}
