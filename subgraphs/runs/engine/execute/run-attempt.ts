import { isParked, type NodeResult, type Parked, type StepContext } from "@soma/sdk/node";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { SPAN } from "@soma/shared/span-attributes";
import { type Span, withSpan } from "@soma/shared/telemetry";
import { stepIdOf } from "../../domain/history.ts";
import { type Attempt, type AttemptParams, toAttempt } from "./attempt.ts";
import { beganWith } from "./began-with.ts";
import { endGood, type GoodEnd, toGoodEnd } from "./end-attempt.ts";
import { lendSql } from "./lend-sql.ts";

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

/** Gives what the node of a begun attempt gives, or that it waits; what it came to is written. */
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
