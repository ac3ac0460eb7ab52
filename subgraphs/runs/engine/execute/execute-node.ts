import { setTimeout as sleep } from "node:timers/promises";
import type { Json, JsonObject } from "@soma/schemas/json";
import type { HistoryError } from "@soma/schemas/run-history";
import type { Graph } from "@soma/sdk/graph";
import { isParked, type NodeResult, type NodeSpec, type Parked, type StepContext, type Wake } from "@soma/sdk/node";
import { countTry, DEFAULT_RETRY, type Tries } from "@soma/sdk/retries";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import { durationHistogram } from "@soma/shared/metrics";
import { withSpan } from "@soma/shared/telemetry";
import { stepIdOf } from "../../domain/history.ts";
import { toSummary } from "../../domain/step-summary.ts";
import type { Entry, EntryStep, Journal } from "../journal/journal.ts";
import type { Inbox } from "./inbox.ts";
import { lookFor, PARK_FROM_MS, toWaiting, toWake, type Waiting, waitMs } from "./parking.ts";
import type { Position } from "./replay.ts";
import { nextAttemptMs } from "./retries.ts";
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
  let { tries, woken, wakes, parked: waiting, attempts: number } = position;
  for (;;) {
    if (waiting === undefined) number += 1;
    const step = { number: position.stepNumber, node: id, nodeType: spec.type, attempt: number };
    const goesOn = waiting !== undefined;
    if (waiting !== undefined) {
      const hasWaited = waiting === position.parked;
      woken = await wakeOrPark(parts, step, { waiting, hasWaited, parksAgain: !hasWaited && wakes > 0 });
      if (woken === undefined) return undefined;
      wakes += 1;
      waiting = undefined;
    }
    const attempt = await beginAttempt({ context, journal, position, spec, step, woken, wakes, goesOn });
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
  { waiting, ...known }: { waiting: Waiting; hasWaited: boolean; parksAgain: boolean },
): Promise<Wake | undefined> {
  const { until, signal: name, summary } = waiting;
  const looked = await lookFor(waiting, { context, inbox, ...known });
  const payload = { until: until?.toISOString() ?? null, signal: name, summary };
  if ("wait" in looked) {
    journal.park({ kind: "STEP_PARKED", step, payload }, looked.wait);
    return undefined;
  }
  const { woken: signal } = looked;
  if (!known.hasWaited) journal.write({ kind: "STEP_PARKED", step, payload });
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
  wakes: number;
  observe: (labels: { status: string }) => void;
}

interface AttemptParams<S> extends Pick<Attempt<S>, "context" | "journal" | "spec" | "step" | "woken" | "wakes"> {
  position: Position<S>;
}

function toAttempt<S>({ position: { state, streams: earlier }, ...params }: AttemptParams<S>): Attempt<S> {
  const { context, journal, spec, step } = params;
  const streams = new StepStreams((entry) => journal.write({ ...entry, step }), earlier);
  const startedAt = context.now();
  const summary = spec.summary?.(state) ?? step.node;
  const observe = durations.startTimer({ node_type: spec.type });
  return { ...params, state, startedAt, summary, streams, observe };
}

/**
 * Durable before it returns, where the node has effects; what goes wrong here is the run's, not the step's. A step that
 * `goesOn` had parked, and has been begun before.
 */
async function beginAttempt<S>({ goesOn, ...params }: AttemptParams<S> & { goesOn: boolean }): Promise<Attempt<S>> {
  const attempt = toAttempt(params);
  const { journal, spec, step, streams, summary } = attempt;
  if (spec.copiesStreams !== true) streams.closeAll("INTERRUPTED");
  if (spec.pure !== true) {
    if (!goesOn) journal.write({ kind: "STEP_STARTED", step, payload: { summary } });
    await journal.barrier();
  }
  return attempt;
}

/** Stops a canceled run before its next step; one that was begun and parked, or lost its worker, is ended first. */
export function cancelBetween<S>({ context, graph, journal }: NodeParts<Graph<S>>, position: Position<S>): never {
  const { node: id = "", stepNumber, attempts, woken, wakes } = position;
  if (attempts === 0) throw new StepStopped("CANCELED", CANCELED);
  const spec = graph.node(id);
  const step = { number: stepNumber, node: id, nodeType: spec.type, attempt: attempts };
  return endCanceled(toAttempt({ context, journal, position, spec, step, woken, wakes }));
}

function endCanceled<S>(attempt: Attempt<S>): never {
  const { journal, step, streams } = attempt;
  streams.closeAll("CANCELED");
  attempt.observe({ status: "STEP_CANCELED" });
  journal.write({ kind: "STEP_CANCELED", step, payload: { ...endOf(attempt, ""), error: CANCELED } });
  throw new StepStopped("CANCELED", CANCELED);
}

async function runAttempt<S>(attempt: Attempt<S>): Promise<NodeResult<S> | Parked> {
  const { context, spec, state, step, streams, observe } = attempt;
  context.throwIfCanceled();
  const attributes = { "soma.run_id": context.run.runId, "soma.node_id": step.node, "soma.attempt": step.attempt };
  return withSpan(`step ${spec.type}`, attributes, async (span) => {
    const given = await spec.run(state, toStepContext(attempt));
    // A copy goes on where it stopped when the step does.
    if (isParked(given) && spec.copiesStreams === true) streams.flushAll();
    else streams.closeAll("OK");
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

function toStepContext<S>({ context, step, streams, woken, wakes }: Attempt<S>): StepContext {
  const stepId = stepIdOf(context.run.runId, step.number);
  return {
    run: context.run,
    stepId,
    stepNumber: step.number,
    attempt: step.attempt,
    woken,
    wakes,
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
  if (context.canceled()) return endCanceled(attempt);
  streams.closeAll("ERROR");
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
