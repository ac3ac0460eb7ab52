import { setTimeout as sleep } from "node:timers/promises";
import { type AnyNode, isBranching } from "@soma/sdk/graph";
import { isParked, type NodeResult, type NodeSpec, type Wake } from "@soma/sdk/node";
import { countTry, DEFAULT_RETRY, leavesUnsettled, type Tries } from "@soma/sdk/retries";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { counter } from "@soma/shared/metrics";
import { spanBeside, spanIdOf } from "@soma/shared/telemetry";
import { BudgetSpent } from "../../domain/budget-spent.ts";
import { budgetName, isBudgetName } from "../../domain/wait-names.ts";
import type { Entry, EntryStep, Journal } from "../journal/journal.ts";
import { askForBudget, refusedBudget } from "./ask-for-budget.ts";
import { type Attempt, toAttempt } from "./attempt.ts";
import { beganWith } from "./began-with.ts";
import { beginWait } from "./begin-wait.ts";
import type { Children } from "./children.ts";
import { afterFailure, endBad, endCanceled } from "./end-attempt.ts";
import type { Floor, Rested } from "./floor.ts";
import { type Halt, StepStopped } from "./halt.ts";
import type { Inbox } from "./inbox.ts";
import { lookFor, noteDecision, PARK_FROM_MS, toWake, type Waiting, waitMs } from "./parking.ts";
import type { Returning } from "./returning.ts";
import { beginAttempt, runAttempt } from "./run-attempt.ts";
import type { RunContext } from "./run-context.ts";
import type { RunLimits } from "./run-limits.ts";
import type { RunRecords } from "./run-records.ts";
import type { Scope } from "./scope.ts";

const retries = counter("soma_node_retries_total", "Attempts of steps that failed and are made again", [
  "graph",
  "node_type",
]);

/** What the steps of a run are executed with. */
interface RunParts {
  context: RunContext;
  journal: Journal;
  inbox: Inbox;
  children: Children;
  floor: Floor;
  limits: RunLimits;
  records: Pick<RunRecords, "findEvent">;
  returning: Returning;
  /** The number of the next step that begins. */
  nextStep(): number;
}

/** And those of one of its graphs under way. */
export interface ScopeParts extends RunParts {
  halt: Halt;
}

/**
 * Executes the step of a scope until it ends, and writes everything that happens into the history; gives undefined when
 * the run was parked before that. Before a node with effects runs, the history up to its start is durable; that row is
 * also where a cancel request is seen last.
 */
export async function executeNode(
  parts: ScopeParts,
  scope: Scope,
  spec: NodeSpec<unknown>,
): Promise<NodeResult<unknown> | undefined> {
  const { context } = parts;
  const { step: open } = scope;
  let { tries, woken, wakes, parked: waiting, attempts: attemptNumber, retryAt, unsettled, unsettledSince } = open;
  const stepNumber = open.number ?? parts.nextStep();
  let spanBefore = spanBeside({ traceparent: context.run.traceParent }, open.spanId);
  for (;;) {
    if (retryAt !== undefined && (await restUntil(parts, retryAt)) === "parked") return undefined;
    if (waiting === undefined) attemptNumber += 1;
    const step = toStep(scope, spec, stepNumber, attemptNumber);
    const goesOn = waiting !== undefined;
    const params = { ...parts, spec, scope, step, earlier: open.streams, unsettled, unsettledSince, spanBefore };
    if (waiting !== undefined) {
      const hasWaited = waiting === open.parked;
      const woke = await wakeOrPark(parts, step, { waiting, scope, hasWaited, parksAgain: !hasWaited && wakes > 0 });
      if (woke === "parked") return undefined;
      if (woke === "stopped") return endCanceled(toAttempt({ ...params, woken, wakes }));
      wakes += 1;
      // Of what the engine has asked the node hears nothing.
      if (!isBudgetName(waiting.signal ?? "")) woken = woke;
      const refused = isBudgetName(waiting.signal ?? "") ? refusedBudget(woke) : undefined;
      if (refused !== undefined) return endBad(toAttempt({ ...params, woken, wakes }), refused);
      waiting = undefined;
    }
    const attempt = await beginAttempt({ ...params, woken, wakes, goesOn });
    try {
      const given = await runAttempt(attempt).finally(() => {
        spanBefore = attempt.span ?? spanBefore;
      });
      if (!isParked(given)) return given;
      unsettled = false;
      unsettledSince = undefined;
      waiting = await beginWait(given, { ...parts, step, scope, call: wakes, isTold: spec.pure !== true || wakes > 0 });
    } catch (error) {
      if (error instanceof StepStopped) throw error;
      const asked = error instanceof BudgetSpent ? askForBudget(error, context.now()) : undefined;
      if (asked !== undefined) {
        attempt.streams.finish("ERROR");
        const name = budgetName(step.number, wakes);
        waiting = await beginWait(asked, { ...parts, step, scope, call: wakes, name, isTold: true });
        continue;
      }
      const times = { beganAt: attempt.startedAt, endedAt: context.now() };
      unsettled = leavesUnsettled(toSomaError(error).code);
      unsettledSince = unsettled ? (attempt.unsettledSince ?? times.endedAt) : undefined;
      tries = countTry(spec.retry ?? DEFAULT_RETRY, toSomaError(error).code, tries, times);
      const after = await nextAttempt(parts, attempt, error, tries);
      if (after !== "go") return after === "parked" ? undefined : after;
    }
  }
}

export function toStep(
  { path, node = "" }: Scope,
  { type }: { type: string },
  number: number,
  attempt: number,
): EntryStep {
  return { number, node: `${path}${node}`, nodeType: type, attempt };
}

/**
 * Writes how an attempt failed and waits until the next one is due; or gives what the node makes of having none left.
 */
async function nextAttempt(
  { context, journal, floor, halt }: ScopeParts,
  attempt: Attempt<unknown>,
  error: unknown,
  tries: Tries,
): Promise<Rested | NodeResult<unknown>> {
  const after = afterFailure(attempt, error, tries);
  if (!("delayMs" in after)) return after;
  const { step } = attempt;
  const { delayMs, shown } = after;
  retries.inc({ graph: context.run.graph, node_type: step.nodeType });
  const retried: Entry = {
    kind: "STEP_RETRIED",
    step,
    payload: { attempt: step.attempt, delayMs, error: shown, spanId: spanIdOf(attempt.span) },
  };
  if (delayMs < PARK_FROM_MS) {
    journal.write(retried);
    await sleep(delayMs, undefined, { signal: halt.signal }).catch(() => {});
    if (context.lost()) throw new SomaError("CANCELED", "the worker stops", { cause: error });
    return "go";
  }
  const ms = waitMs(context, new Date(context.now().getTime() + delayMs));
  return floor.rest({ entry: retried, wait: { ms, signal: null } }, halt.signal);
}

/** Waits for the next attempt of a step whose run goes on before that for another reason. */
async function restUntil({ context, floor, halt }: ScopeParts, retryAt: Date): Promise<Rested> {
  const ms = waitMs(context, retryAt);
  return ms < PARK_FROM_MS ? "go" : floor.rest({ wait: { ms, signal: null } }, halt.signal);
}

/** Waits until what a step waits for is there, and writes and gives what woke it. */
async function wakeOrPark(
  { context, journal, inbox, floor, halt }: ScopeParts,
  step: EntryStep,
  { waiting, scope, ...known }: { waiting: Waiting; scope: Scope; hasWaited: boolean; parksAgain: boolean },
): Promise<Wake | "parked" | "stopped"> {
  const { until, signal: name, summary } = waiting;
  const parked = (): Entry => ({
    kind: "STEP_PARKED",
    step,
    payload: { until: until?.toISOString() ?? null, signal: name, summary, ...beganWith(scope) },
  });
  let { hasWaited } = known;
  let told = false;
  for (;;) {
    const looked = await lookFor(waiting, { context, inbox, ...known, hasWaited });
    if ("woken" in looked) {
      const { woken: signal } = looked;
      if (!hasWaited) journal.write(parked());
      noteDecision(journal, step, signal);
      journal.write({ kind: "STEP_WOKEN", step, payload: { signal } });
      return toWake(signal);
    }
    const rested = await floor.rest({ ...(told ? {} : { entry: parked() }), wait: looked.wait }, halt.signal);
    if (rested === "parked") return "parked";
    if (context.lost()) throw new SomaError("CANCELED", "the worker stops");
    if (halt.reason() !== undefined) return "stopped";
    hasWaited = true;
    told = true;
  }
}

/** Stops a step that is not wanted any more; one that was begun and parked, or lost its worker, is ended first. */
export function cancelStep(parts: ScopeParts, scope: Scope, spec: AnyNode<unknown>): never {
  const { number, attempts, streams: earlier, ...open } = scope.step;
  const reason = parts.halt.reason();
  if (number === undefined || attempts === 0 || isBranching(spec))
    throw new StepStopped("CANCELED", reason ?? { code: "CANCELED", message: "the run was canceled" });
  const step = toStep(scope, spec, number, attempts);
  return endCanceled(toAttempt({ ...parts, ...open, spec, scope, step, earlier, spanBefore: undefined }));
}
