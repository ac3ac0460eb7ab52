import type { JsonObject } from "@soma/schemas/json";
import { CHAIN_START } from "@soma/schemas/run-chain";
import { type HistoryError, isStepEnd, payloadOf } from "@soma/schemas/run-history";
import { type AnyGraph, type Branch, isBranching } from "@soma/sdk/graph";
import { countTry, DEFAULT_RETRY, leavesUnsettled } from "@soma/sdk/retries";
import { SomaError } from "@soma/shared/errors";
import { checkKept } from "../../domain/custody.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import { isMigration } from "../../domain/migrations.ts";
import { isBudgetName } from "../../domain/wait-names.ts";
import { toWake, type Waiting } from "./parking.ts";
import {
  beginScope,
  branchesIn,
  branchOf,
  endStep,
  giveUpBranch,
  newStep,
  type OpenStep,
  type Scope,
} from "./scope.ts";
import { followStream } from "./step-streams.ts";

/** Where a run stands: the fold of its history. */
export interface Position {
  /** Its own graph, with the branches that are under way. */
  root: Scope;
  /** The highest number a step has. */
  lastStep: number;
  /** Numbers of the signals that woke a step. */
  heard: readonly number[];
  head: { seq: number; hash: string };
}

/** Called with each event of a step before it is folded, and with where the step stands. */
type Look = (event: HistoryEvent, scope: Scope, node: string) => void;

/** Folds a history into the position after it. Same history, same position: nothing else is read. */
export function replay(graph: AnyGraph, events: readonly HistoryEvent[], look: Look = () => {}): Position {
  checkKept(events);
  const migrated = events.findLastIndex(isMigration);
  const root = found(
    migrated < 0 ? beginScope("", graph, graph.begin?.(inputOf(events))) : migrate(graph, events, migrated),
  );
  const heard: number[] = [];
  const over = new Set<number>();
  let lastStep = 0;
  for (const [index, event] of events.entries()) {
    // What is done again after a fork or a rollback has numbers, and so keys, that nothing before it had.
    if (event.kind === "RUN_FORKED" || event.kind === "RUN_ROLLED_BACK")
      lastStep = Math.max(lastStep, payloadOf(event.kind, event.payload).nextStep - 1);
    if (event.step === 0) continue;
    lastStep = Math.max(lastStep, event.step);
    if (event.kind === "STEP_WOKEN") heard.push(...signalNumbers(event));
    if (isStepEnd(event.kind)) over.add(event.step);
    // A stream of an attempt that nobody waited for any longer is of a step that is over, and not of the one that is open.
    else if (over.has(event.step)) continue;
    if (index < migrated) continue;
    const [path, node] = splitNode(event.node ?? "");
    const at = find(root, path);
    const { scope } = at;
    look(event, scope, node);
    if (event.kind === "STEP_SUCCEEDED" || event.kind === "STEP_DENIED")
      endStep(scope, node, payloadOf(event.kind, event.payload).patch);
    else if (event.kind === "STEP_FAILED") fail(at, payloadOf(event.kind, event.payload).error);
    else if (event.kind === "STEP_CANCELED") cancel(at, payloadOf(event.kind, event.payload).error);
    else scope.step = goOn(scope, event, node);
    if (isStepEnd(event.kind)) forget(at);
  }
  const last = events.at(-1);
  const head = last === undefined ? { seq: 0, hash: CHAIN_START } : { seq: last.seq, hash: last.hash };
  return { root: root.scope, lastStep, heard, head };
}

/** Where a run stands with its migration: a step that waited then still does. */
function migrate(graph: AnyGraph, events: readonly HistoryEvent[], at: number): Scope {
  const { state, node } = payloadOf("RUN_MIGRATED", events[at]?.payload);
  const scope: Scope = { ...beginScope("", graph), state, node: node ?? undefined };
  const before = events.slice(0, at);
  const last = before.findLast(({ step }) => step !== 0);
  if (last === undefined || isStepEnd(last.kind)) return scope;
  for (const event of before) if (event.step === last.step) scope.step = goOn(scope, event, node ?? "");
  return scope;
}

/** What the run begins with: a fork that begins at its very beginning, with its own. */
function inputOf(events: readonly HistoryEvent[]): JsonObject {
  let input: JsonObject = {};
  for (const { kind, step, payload } of events) {
    if (step !== 0) break;
    if (kind === "RUN_STARTED" || kind === "RUN_FORKED") ({ input } = payloadOf(kind, payload));
  }
  return input;
}

/** A scope of the history, and what was found below it. */
interface Found {
  scope: Scope;
  /** Where it is a branch. */
  inside: { parent: Scope; key: string } | undefined;
  /** Of the step the scope is in: the branches it has, and those that the history told of. */
  branches: ReadonlyMap<string, Branch> | undefined;
  below: Map<string, Found>;
}

function found(scope: Scope, inside: Found["inside"] = undefined): Found {
  return { scope, inside, branches: undefined, below: new Map() };
}

/** The scope of a path; that of a branch begins when the history first tells of it. */
function find(root: Found, path: string): Found {
  let at = root;
  for (const part of path.split("/").slice(0, -1)) {
    const [, key = ""] = /\[(.*)\]$/.exec(part) ?? [];
    const known = at.below.get(key) ?? beginBranch(at, path, key);
    at.below.set(key, known);
    at = known;
  }
  return at;
}

function beginBranch(at: Found, path: string, key: string): Found {
  at.branches ??= new Map(branchesIn(at.scope).map((branch) => [branch.key, branch]));
  const branch = at.branches.get(key);
  if (branch === undefined)
    throw new SomaError("INTERNAL", `the history tells of the branch ${path}, which this build does not make`);
  return found(branchOf(at.scope, branch), { parent: at.scope, key });
}

/** A step has ended; when its node comes again, its branches begin again. */
function forget(at: Found): void {
  at.branches = undefined;
  at.below.clear();
}

/** `both[news]/fetch` is the node `fetch` under the path `both[news]/`. */
function splitNode(place: string): [path: string, node: string] {
  const end = place.lastIndexOf("/") + 1;
  return [place.slice(0, end), place.slice(end)];
}

/**
 * A step was not wanted any more. In a branch, the step it is in does not go on either, whatever else is told of why.
 */
function cancel({ scope, inside }: Found, error: HistoryError): void {
  scope.step = newStep();
  scope.branches.clear();
  if (inside !== undefined) inside.parent.step.failed ??= error;
}

/** A step failed for good: its branch is given up where the step it is in does that; else that step fails, too. */
function fail({ scope, inside }: Found, error: HistoryError): void {
  scope.step = newStep();
  scope.branches.clear();
  if (inside === undefined) return;
  const { parent, key } = inside;
  const spec = parent.graph.node(parent.node ?? "");
  if (isBranching(spec) && spec.giveUp !== undefined) giveUpBranch(spec, scope, error, key);
  else parent.step.failed ??= error;
}

function signalNumbers(event: HistoryEvent): number[] {
  const { signal } = payloadOf("STEP_WOKEN", event.payload);
  return signal === null ? [] : [signal.no];
}

function waitingOf(event: HistoryEvent): Waiting {
  const { until, signal, summary } = payloadOf("STEP_PARKED", event.payload);
  return { until: until === null ? null : new Date(until), signal, summary: summary ?? "" };
}

/** An open step after one more of its events. */
function goOn({ graph, step }: Scope, event: HistoryEvent, node: string): OpenStep {
  const open = { ...step, number: event.step, attempts: Math.max(step.attempts, event.attempt) };
  switch (event.kind) {
    case "STEP_STARTED":
      return {
        ...open,
        retryAt: undefined,
        parked: undefined,
        unsettled: true,
        unsettledSince: open.unsettled ? (open.unsettledSince ?? event.at) : undefined,
        beganAt: event.at,
      };
    case "STEP_PARKED":
      return { ...open, parked: waitingOf(event), unsettled: false, unsettledSince: undefined };
    case "STEP_WOKEN": {
      const { signal } = payloadOf(event.kind, event.payload);
      const woken = isBudgetName(signal?.name ?? "") ? open.woken : toWake(signal);
      return { ...open, parked: undefined, wakes: open.wakes + 1, woken, unsettled: true, beganAt: event.at };
    }
    case "STEP_RETRIED": {
      const spec = graph.node(node);
      const { retry = DEFAULT_RETRY } = isBranching(spec) ? {} : spec;
      const { delayMs, error, spanId } = payloadOf(event.kind, event.payload);
      const retryAt = new Date(event.at.getTime() + delayMs);
      const tries = countTry(retry, error.code, open.tries, { beganAt: open.beganAt ?? event.at, endedAt: event.at });
      const unsettled = leavesUnsettled(error.code);
      const unsettledSince = unsettled ? (open.unsettledSince ?? event.at) : undefined;
      return { ...open, retryAt, tries, unsettled, unsettledSince, spanId };
    }
    default:
      followStream(open.streams, event);
      return open;
  }
}

/** What ended a step of the run's own graph for good, when nothing can follow it; undefined while the run may go on. */
export function stoppedBy(
  events: readonly HistoryEvent[],
): { kind: "STEP_FAILED" | "STEP_CANCELED"; error: HistoryError } | undefined {
  const last = events.findLast(
    ({ kind, node }) => (kind === "STEP_FAILED" || kind === "STEP_CANCELED") && node?.includes("/") !== true,
  );
  if (last?.kind !== "STEP_FAILED" && last?.kind !== "STEP_CANCELED") return undefined;
  return { kind: last.kind, error: payloadOf(last.kind, last.payload).error };
}
