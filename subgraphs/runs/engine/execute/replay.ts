import { CHAIN_START } from "@soma/schemas/run-chain";
import { type HistoryError, payloadOf } from "@soma/schemas/run-history";
import type { Graph } from "@soma/sdk/graph";
import type { HistoryEvent } from "../../domain/history.ts";
import { DEFAULT_RETRY, isFailure } from "./retries.ts";
import { readStreams } from "./step-streams.ts";

/** Where a run stands: the fold of its history. */
export interface Position<S> {
  state: S;
  /** Node to execute next; undefined when the graph is at its end. */
  node: string | undefined;
  /** Number the next step has; the open one's when a step was begun and not ended. */
  stepNumber: number;
  /** Attempts of that step which began, and those of them that failed by themselves and were tried again. */
  attempts: number;
  failures: number;
  streams: ReturnType<typeof readStreams>;
  head: { seq: number; hash: string };
}

/** Folds a history into the position after it. Same history, same position: nothing else is read. */
export function replay<S>(graph: Graph<S>, events: readonly HistoryEvent[]): Position<S> {
  let state = graph.initial();
  let node: string | undefined = graph.entry;
  let stepNumber = 1;
  let attempts = 0;
  let failures = 0;
  for (const event of events) {
    if (event.kind === "STEP_STARTED") attempts = Math.max(attempts, event.attempt);
    if (event.kind === "STEP_RETRIED") {
      const retry = graph.node(event.node ?? "").retry ?? DEFAULT_RETRY;
      if (isFailure(retry, payloadOf(event.kind, event.payload).error.code)) failures += 1;
    }
    if (event.kind !== "STEP_SUCCEEDED" && event.kind !== "STEP_DENIED") continue;
    state = graph.fold(state, payloadOf(event.kind, event.payload).patch as Partial<S>);
    node = graph.next(event.node ?? "", state);
    stepNumber = event.step + 1;
    attempts = 0;
    failures = 0;
  }
  const last = events.at(-1);
  const head = last === undefined ? { seq: 0, hash: CHAIN_START } : { seq: last.seq, hash: last.hash };
  return { state, node, stepNumber, attempts, failures, streams: readStreams(events, stepNumber), head };
}

/** What ended a step of the history for good, when nothing can follow it; undefined while the run may go on. */
export function stoppedBy(
  events: readonly HistoryEvent[],
): { kind: "STEP_FAILED" | "STEP_CANCELED"; error: HistoryError } | undefined {
  const last = events.findLast(({ kind }) => kind === "STEP_FAILED" || kind === "STEP_CANCELED");
  if (last?.kind !== "STEP_FAILED" && last?.kind !== "STEP_CANCELED") return undefined;
  return { kind: last.kind, error: payloadOf(last.kind, last.payload).error };
}
