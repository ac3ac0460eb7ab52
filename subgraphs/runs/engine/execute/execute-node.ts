import { setTimeout as sleep } from "node:timers/promises";
import type { Json, JsonObject } from "@soma/schemas/json";
import type { HistoryError } from "@soma/schemas/run-history";
import type { Graph } from "@soma/sdk/graph";
import { isParked, type NodeResult, type NodeSpec, type Parked, type StepContext, type Wake } from "@soma/sdk/node";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import { durationHistogram } from "@soma/shared/metrics";
import { withSpan } from "@soma/shared/telemetry";
import { stepIdOf } from "../../domain/history.ts";
import { toSummary } from "../../domain/step-summary.ts";
import type { Entry, EntryStep, Journal } from "../journal/journal.ts";
import type { Inbox } from "./inbox.ts";
import { lookFor, toWaiting, toWake, type Waiting, waitMs } from "./parking.ts";
import type { Position } from "./replay.ts";
import { countTry, DEFAULT_RETRY, nextAttemptMs, type Tries } from "./retries.ts";
import type { RunContext } from "./run-context.ts";
import { StepStreams } from "./step-streams.ts";

const durations = durationHistogram("orchestrator_node_duration_seconds", "Steps by node type and how they ended", [
  "node_type",
  "status",
]);

/** What stops a run at a step: it failed for good, or it was canceled. */
export class StepStopped extends Error {
  readonly outcome: "FAILED" | "CANCELED";
  readonly error: HistoryError;

  constructor(outcome: "FAILED" | "CANCELED", error: HistoryError) {
    super(error.message);
    this.outcome = outcome;
    this.error = error;
  }
}

/** A wait of so many milliseconds parks its run: another run has the place meanwhile, and the wait outlasts the process. */
const PARK_FROM_MS = 1_000;

const CANCELED: HistoryError = { code: "CANCELED", message: "the run was canceled" };

/** What the nodes of a run are executed with. */
export interface NodeParts<G> {
  context: RunContext;
  graph: G;
  journal: Journal;
  inbox: Inbox;
}

/**
 * Executes the node at a position until it ends, and writes everything that happens into the history; gives undefined when
 * the run was parked before that. Before a node with effects runs, the history up to its start is durable; that row is also
 * where a cancel request is seen last.
 */
export async function executeNode<S>(
  parts: NodeParts<Graph<S>>,
  position: Position<S>,
): Promise<NodeResult<S> | undefined> {
  const { context, graph, journal } = parts;
  const { node: id } = position;
  if (id === undefined) throw new Error("the run is at its end");
  const spec = graph.node(id);
  let { tries, woken, parked: waiting, attempts: number } = position;
  for (;;) {
    if (waiting === undefined) number += 1;
    const step = { number: position.stepNumber, node: id, nodeType: spec.type, attempt: number };
    const goesOn = waiting !== undefined;
    if (waiting !== undefined) {
      woken = await wakeOrPark(parts, step, { waiting, hasWaited: waiting === position.parked });
      if (woken === undefined) return undefined;
      waiting = undefined;
    }
    const attempt = await beginAttempt({ context, journal, position, spec, step, woken, goesOn });
    try {
      const given = await runAttempt(attempt);
      if (!isParked(given)) return given;
      waiting = toWaiting(given);
    } catch (error) {
      const times = { beganAt: attempt.startedAt, endedAt: context.now() };
      tries = countTry(spec.retry ?? DEFAULT_RETRY, toSomaError(error).code, tries, times);
      const after = endFailed(attempt, error, tries);
      if (typeof after !== "number") return after;
      await sleep(after, undefined, { signal: context.signal }).catch(() => {});
      if (context.lost()) throw new SomaError("CANCELED", "the worker stops", { cause: error });
    }
  }
}

/** Writes that a step waits, and parks its run; or, when what it waits for is there, writes and gives what woke it. */
async function wakeOrPark(
  { context, journal, inbox }: NodeParts<unknown>,
  step: EntryStep,
  { waiting, hasWaited }: { waiting: Waiting; hasWaited: boolean },
): Promise<Wake | undefined> {
  const { until, signal: name, summary } = waiting;
  const looked = await lookFor(waiting, { context, inbox, hasWaited });
  const payload = { until: until?.toISOString() ?? null, signal: name, summary };
  if ("wait" in looked) {
    journal.park({ kind: "STEP_PARKED", step, payload }, looked.wait);
    return undefined;
  }
  const { woken: signal } = looked;
  if (!hasWaited) journal.write({ kind: "STEP_PARKED", step, payload });
  journal.write({ kind: "STEP_WOKEN", step, payload: { signal } });
  if (signal !== null) inbox.take(signal);
  return toWake(signal);
}

/** One try of a step. */
interface Attempt<S> {
  context: RunContext;
  journal: Journal;
  spec: NodeSpec<S>;
  state: S;
  step: EntryStep;
  startedAt: Date;
  summary: string;
  streams: StepStreams;
  woken: Wake | undefined;
  observe: (labels: { status: string }) => void;
}

/** Durable before it returns, where the node has effects; what goes wrong here is the run's, not the step's. */
async function beginAttempt<S>(params: {
  context: RunContext;
  journal: Journal;
  position: Position<S>;
  spec: NodeSpec<S>;
  step: EntryStep;
  woken: Wake | undefined;
  /** It had parked, and has been begun before. */
  goesOn: boolean;
}): Promise<Attempt<S>> {
  const { context, journal, position, spec, step, woken, goesOn } = params;
  const { state } = position;
  const streams = new StepStreams((entry) => journal.write({ ...entry, step }), position.streams);
  if (spec.copiesStreams !== true) streams.closeAll("INTERRUPTED");
  const startedAt = context.now();
  const summary = spec.summary?.(state) ?? step.node;
  if (spec.pure !== true) {
    if (!goesOn) journal.write({ kind: "STEP_STARTED", step, payload: { summary } });
    await journal.barrier();
  }
  const observe = durations.startTimer({ node_type: spec.type });
  return { context, journal, spec, state, step, startedAt, summary, streams, woken, observe };
}

async function runAttempt<S>(attempt: Attempt<S>): Promise<NodeResult<S> | Parked> {
  const { context, spec, state, step, streams, observe } = attempt;
  context.throwIfCanceled();
  const attributes = { "soma.run_id": context.run.runId, "soma.node_id": step.node, "soma.attempt": step.attempt };
  return withSpan(`step ${spec.type}`, attributes, async (span) => {
    const given = await spec.run(state, toStepContext(attempt));
    streams.closeAll("OK");
    if (!isParked(given)) return endGood(attempt, given, span.spanContext().spanId);
    observe({ status: "STEP_PARKED" });
    return given;
  });
}

/** Writes what a step came to; the patch is given back as the journal keeps it, so that going on and replaying give the same state. */
function endGood<S>(attempt: Attempt<S>, result: NodeResult<S>, spanId: string): NodeResult<S> {
  const { journal, step } = attempt;
  const patch = toStorableJson(result.patch ?? {}) as JsonObject;
  const kind = result.denied === true ? "STEP_DENIED" : "STEP_SUCCEEDED";
  journal.write({
    kind,
    step,
    payload: {
      ...endOf(attempt, spanId),
      summary: result.summary,
      outputSummary: toSummary(result.outputSummary, result.output),
      output: result.output ?? null,
      patch,
    },
  });
  attempt.observe({ status: kind });
  return { ...result, patch: patch as NonNullable<NodeResult<S>["patch"]> };
}

function toStepContext<S>({ context, step, streams, woken }: Attempt<S>): StepContext {
  const stepId = stepIdOf(context.run.runId, step.number);
  return {
    run: context.run,
    stepId,
    stepNumber: step.number,
    attempt: step.attempt,
    woken,
    signal: context.signal,
    canceled: context.canceled,
    services: context.servicesOf(stepId),
    streams,
    log: context.log,
    now: context.now,
  };
}

function endOf<S>({ context, spec, state, startedAt, summary }: Attempt<S>, spanId: string) {
  return {
    startedAt: startedAt.toISOString(),
    latencyMs: context.now().getTime() - startedAt.getTime(),
    summary,
    inputSummary: toSummary(spec.inputSummary?.(state, context.run), state as Json),
    outputSummary: "",
    spanId,
  };
}

/**
 * Writes how an attempt failed. Gives the milliseconds until the next one, undefined when the run is parked until then, or
 * what the node makes of having none left; throws when it makes nothing of it.
 */
function endFailed<S>(attempt: Attempt<S>, error: unknown, tries: Tries): number | undefined | NodeResult<S> {
  const { context, journal, spec, state, step, streams } = attempt;
  if (context.lost()) throw error;
  const known = toSomaError(error);
  if (known.code === "FENCED") throw error;
  const canceled = context.canceled();
  streams.closeAll(canceled ? "CANCELED" : "ERROR");
  if (canceled) {
    attempt.observe({ status: "STEP_CANCELED" });
    journal.write({ kind: "STEP_CANCELED", step, payload: { ...endOf(attempt, ""), error: CANCELED } });
    throw new StepStopped("CANCELED", CANCELED);
  }
  const shown = { code: known.code, message: known.publicMessage };
  if (known.code === "INTERNAL") context.log.error({ err: error, node: step.node }, "a step failed unexpectedly");
  const delayMs = nextAttemptMs(spec.retry ?? DEFAULT_RETRY, known, tries, context.now());
  if (delayMs === undefined && spec.giveUp !== undefined) {
    context.log.warn({ err: error, node: step.node }, "a step did not come about, and its run goes on without it");
    return endGood(attempt, spec.giveUp(state, shown), "");
  }
  attempt.observe({ status: "STEP_FAILED" });
  if (delayMs === undefined) {
    const end = { ...endOf(attempt, ""), outputSummary: known.code, error: shown };
    journal.write({ kind: "STEP_FAILED", step, payload: end });
    throw new StepStopped("FAILED", shown);
  }
  const retried: Entry = { kind: "STEP_RETRIED", step, payload: { attempt: step.attempt, delayMs, error: shown } };
  const next = new Date(context.now().getTime() + delayMs);
  if (delayMs >= PARK_FROM_MS) journal.park(retried, { ms: waitMs(context, next), signal: null });
  else journal.write(retried);
  return delayMs >= PARK_FROM_MS ? undefined : delayMs;
}
