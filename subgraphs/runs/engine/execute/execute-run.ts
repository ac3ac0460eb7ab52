import { type HistoryError, payloadOf } from "@soma/schemas/run-history";
import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { MAX_TIMER_MS } from "@soma/shared/max-timer";
import { counter } from "@soma/shared/metrics";
import { SPAN } from "@soma/shared/span-attributes";
import { contextFromHeaders, headersOf, withSpan } from "@soma/shared/telemetry";
import type { HistoryEvent } from "../../domain/history.ts";
import { isPaused, pausedMs } from "../../domain/pauses.ts";
import { effectiveEvents, sinceBegun } from "../../domain/rollback.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { CommitBatcher } from "../journal/commit-batcher.ts";
import { createJournal, type Entry, type Journal } from "../journal/journal.ts";
import type { Children } from "./children.ts";
import { executeScope } from "./execute-scope.ts";
import { createFloor } from "./floor.ts";
import { haltOfRun, StepStopped } from "./halt.ts";
import { createInbox } from "./inbox.ts";
import { replay, stoppedBy } from "./replay.ts";
import { createReturning } from "./returning.ts";
import type { RunContext } from "./run-context.ts";
import type { RunLimits } from "./run-limits.ts";
import type { RunRecords } from "./run-records.ts";

/**
 * A run that lost its worker this often in a row, without ending a step in between, is given up: what it does may be
 * what kills workers.
 */
const MAX_FRUITLESS = 8;

const finished = counter("soma_runs_finished_total", "Runs by how they ended", ["graph", "status"]);

export interface ExecuteRunOptions {
  context: RunContext;
  graph: AnyGraph;
  limits: RunLimits;
  batcher: CommitBatcher;
  records: RunRecords;
  children: Children;
  onCommitted(runId: string, seq: number): void;
}

/** Executes a claimed run from where its history ends until it is finished, or until it must be let go. */
export async function executeRun(options: ExecuteRunOptions): Promise<void> {
  const { context, graph } = options;
  const { run } = context;
  const parent = contextFromHeaders(headersOf(run));
  await withSpan(
    `run ${graph.name}`,
    { [SPAN.run]: run.runId, [SPAN.recoveries]: run.recoveries, [SPAN.tenant]: run.tenant },
    () => proceed(options),
    { parent },
  );
}

async function proceed(claimed: ExecuteRunOptions): Promise<void> {
  const { graph, batcher, records, onCommitted } = claimed;
  const run = await records.readInput(claimed.context.run);
  const context = { ...claimed.context, run };
  const options = { ...claimed, context };
  const events = await records.readEvents(run);
  const standing = effectiveEvents(events);
  const { seq = 0, hash = "" } = events.at(-1) ?? {};
  const journal = createJournal({
    run,
    head: { seq, hash },
    batcher,
    now: context.now,
    onCommitted(seq, control) {
      onCommitted(run.runId, seq);
      context.heed(control);
    },
    // What is under way is given up at once: it costs money, and may be done again elsewhere.
    onFenced: () => context.lose("it is another worker's now"),
  });
  if (run.recoveries > toldRecoveries(run, events))
    journal.write({ kind: "RUN_RECOVERED", payload: { recoveries: run.recoveries, epoch: run.epoch } });
  context.heed(run.control);
  context.putOff(pausedMs(sinceBegun(events), context.now()));
  const noteCancel = (): void => {
    if (context.canceled() && !context.lost()) journal.write({ kind: "RUN_CANCEL_REQUESTED", payload: {} });
  };
  context.signal.addEventListener("abort", noteCancel);
  const ending = (): void => context.signal.removeEventListener("abort", noteCancel);
  const disarm = cancelAtDeadline(context);
  try {
    checkGoesOn(run, standing);
    const end = await executeGraph(options, journal, standing);
    ending();
    if (end === undefined) await journal.barrier();
    else await finish(context, journal, { kind: "RUN_SUCCEEDED", payload: { answer: graph.answer(end.at) } });
  } catch (error) {
    ending();
    if (context.lost() || toSomaError(error).code === "FENCED") throw error;
    if (error instanceof StepStopped && error.outcome === "CANCELED")
      await finish(context, journal, {
        kind: "RUN_CANCELED",
        payload: { reason: context.cancelReason() || (await records.readCancelReason({ runId: run.runId })) },
      });
    else {
      // Of what a step failed of there is a line already.
      if (!(error instanceof StepStopped) && toSomaError(error).code === "INTERNAL")
        context.log.error({ err: error }, "a run failed unexpectedly");
      await finish(context, journal, { kind: "RUN_FAILED", payload: { error: errorFor(error) } });
    }
  } finally {
    disarm();
  }
}

/**
 * Throws what ended the run already: its process died between the end of a step and the end of the run, or too often.
 */
function checkGoesOn(run: ClaimedRun, standing: readonly HistoryEvent[]): void {
  const stopped = stoppedBy(standing);
  if (stopped !== undefined)
    throw new StepStopped(stopped.kind === "STEP_CANCELED" ? "CANCELED" : "FAILED", stopped.error);
  if (run.fruitless > MAX_FRUITLESS)
    throw new SomaError(
      "INTERNAL",
      `the run lost its worker ${run.fruitless} times in a row without ending a step; what it does may be what ends them`,
    );
}

/**
 * Goes on where the history ends; undefined when the run was parked. What a graph decides may throw here, in a build
 * whose functions are not those that made the history.
 */
async function executeGraph(
  { context, graph, limits, records, children }: ExecuteRunOptions,
  journal: Journal,
  standing: readonly HistoryEvent[],
): Promise<{ at: unknown } | undefined> {
  const { root, lastStep, heard } = replay(graph, standing);
  if (isPaused(standing) && !context.pausing() && !context.canceled())
    journal.write({ kind: "RUN_RESUMED", payload: {} });
  const inbox = createInbox(records, context, heard);
  const floor = createFloor({ context, journal });
  const nextStep = countSteps(lastStep, limits);
  const halt = haltOfRun(context);
  const returning = createReturning(standing);
  const parts = { context, journal, inbox, children, floor, limits, records, returning, nextStep, halt };
  return executeScope(parts, root);
}

/** A run that was parked may come back after its deadline: then no step begins any more. */
function cancelAtDeadline({ deadline, now, cancel }: RunContext): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const leftMs = deadline().getTime() - now().getTime();
    if (leftMs <= 0) cancel("the run reached its deadline");
    else timer = setTimeout(look, Math.min(leftMs, MAX_TIMER_MS));
  };
  look();
  return () => clearTimeout(timer);
}

/**
 * A hand-back is no recovery: only a take-over that the history does not tell yet is written. Those before a fork are
 * another run's.
 */
function toldRecoveries(run: ClaimedRun, events: readonly HistoryEvent[]): number {
  const told = events.findLast(({ kind, runId }) => kind === "RUN_RECOVERED" && runId === run.runId);
  return told === undefined ? 0 : payloadOf("RUN_RECOVERED", told.payload).recoveries;
}

/** Numbers the steps of a run from the one after those that its history tells of. */
function countSteps(lastStep: number, limits: RunLimits): () => number {
  let last = lastStep;
  return () => {
    if (last >= limits.maxSteps)
      throw new SomaError(
        "LIMIT_EXCEEDED",
        `the run made ${limits.maxSteps} steps without coming to an end (SOMA_RUN_MAX_STEPS)`,
      );
    last += 1;
    return last;
  };
}

type Ending = Extract<Entry, { kind: "RUN_SUCCEEDED" | "RUN_FAILED" | "RUN_CANCELED" }>;

async function finish(context: RunContext, journal: Journal, ending: Ending): Promise<void> {
  journal.write(ending);
  await journal.barrier();
  finished.inc({ graph: context.run.graph, status: ending.kind });
}

function errorFor(error: unknown): HistoryError {
  if (error instanceof StepStopped) return error.error;
  const known = toSomaError(error);
  return {
    code: known.code,
    message: known.code === "INTERNAL" && error instanceof SomaError ? error.message : known.publicMessage,
  };
}
