import { CHAIN_START } from "@soma/schemas/run-chain";
import { type HistoryError, payloadOf } from "@soma/schemas/run-history";
import type { AnyGraph, Graph } from "@soma/sdk/graph";
import type { Wake } from "@soma/sdk/node";
import type { HistoryEvent } from "../../domain/history.ts";
import { toWake, type Waiting } from "./parking.ts";
import { countTry, DEFAULT_RETRY, NO_TRIES, type Tries } from "./retries.ts";
import { readStreams } from "./step-streams.ts";

/** Where a run stands: the fold of its history. */
export interface Position<S> {
  state: S;
  /** Node to execute next; undefined when the graph is at its end. */
  node: string | undefined;
  /** Number the next step has; the open one's when a step was begun and not ended. */
  stepNumber: number;
  /** Attempts of that step which began, and how they went that were tried again. */
  attempts: number;
  tries: Tries;
  /** When its next attempt is due after one that failed. */
  retryAt: Date | undefined;
  /** What that step waits for when it parked and has not gone on, and what woke it when it has. */
  parked: Waiting | undefined;
  woken: Wake | undefined;
  /** How often it was woken. */
  wakes: number;
  /** Numbers of the signals that woke a step. */
  heard: readonly number[];
  streams: ReturnType<typeof readStreams>;
  head: { seq: number; hash: string };
}

/** What a step that has not begun has. */
export const NEW_STEP = {
  attempts: 0,
  tries: NO_TRIES,
  retryAt: undefined,
  parked: undefined,
  woken: undefined,
  wakes: 0,
} as const;

type OpenStep = Pick<Position<unknown>, keyof typeof NEW_STEP> & { beganAt: Date | undefined };

/** Folds a history into the position after it. Same history, same position: nothing else is read. */
export function replay<S>(graph: Graph<S>, events: readonly HistoryEvent[]): Position<S> {
  let state = graph.initial();
  let node: string | undefined = graph.entry;
  let stepNumber = 1;
  let open: OpenStep = { ...NEW_STEP, beganAt: undefined };
  const heard: number[] = [];
  for (const event of events) {
    // What is done again after a fork or a rollback has numbers, and so keys, that nothing before it had.
    if (event.kind === "RUN_FORKED" || event.kind === "RUN_ROLLED_BACK")
      stepNumber = Math.max(stepNumber, payloadOf(event.kind, event.payload).nextStep);
    if (event.kind === "STEP_WOKEN") heard.push(...signalNumbers(event));
    if (event.kind !== "STEP_SUCCEEDED" && event.kind !== "STEP_DENIED") {
      open = goOn(graph, open, event);
      continue;
    }
    state = graph.fold(state, payloadOf(event.kind, event.payload).patch as Partial<S>);
    node = graph.next(event.node ?? "", state);
    stepNumber = event.step + 1;
    open = { ...NEW_STEP, beganAt: undefined };
  }
  const { beganAt: _, ...step } = open;
  const last = events.at(-1);
  const head = last === undefined ? { seq: 0, hash: CHAIN_START } : { seq: last.seq, hash: last.hash };
  return { state, node, stepNumber, ...step, heard, streams: readStreams(events, stepNumber), head };
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
function goOn(graph: AnyGraph, open: OpenStep, event: HistoryEvent): OpenStep {
  if (event.kind === "STEP_STARTED")
    return {
      ...open,
      attempts: Math.max(open.attempts, event.attempt),
      retryAt: undefined,
      parked: undefined,
      beganAt: event.at,
    };
  if (event.kind === "STEP_PARKED")
    return { ...open, attempts: Math.max(open.attempts, event.attempt), parked: waitingOf(event) };
  if (event.kind === "STEP_WOKEN")
    return {
      ...open,
      parked: undefined,
      wakes: open.wakes + 1,
      woken: toWake(payloadOf(event.kind, event.payload).signal),
      beganAt: event.at,
    };
  if (event.kind !== "STEP_RETRIED") return open;
  const { retry = DEFAULT_RETRY } = graph.node(event.node ?? "");
  const { delayMs, error } = payloadOf(event.kind, event.payload);
  return {
    ...open,
    // A step without effects has no start of its own.
    attempts: Math.max(open.attempts, event.attempt),
    retryAt: new Date(event.at.getTime() + delayMs),
    tries: countTry(retry, error.code, open.tries, { beganAt: open.beganAt ?? event.at, endedAt: event.at }),
  };
}

/** What ended a step of the history for good, when nothing can follow it; undefined while the run may go on. */
export function stoppedBy(
  events: readonly HistoryEvent[],
): { kind: "STEP_FAILED" | "STEP_CANCELED"; error: HistoryError } | undefined {
  const last = events.findLast(({ kind }) => kind === "STEP_FAILED" || kind === "STEP_CANCELED");
  if (last?.kind !== "STEP_FAILED" && last?.kind !== "STEP_CANCELED") return undefined;
  return { kind: last.kind, error: payloadOf(last.kind, last.payload).error };
}
