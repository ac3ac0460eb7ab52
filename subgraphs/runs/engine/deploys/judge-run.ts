import { isErased } from "@soma/schemas/erased-payload";
import type { RunInfo } from "@soma/sdk/node";
import type { HistoryEvent } from "../../domain/history.ts";
import type { GraphRegistry } from "../graphs/graph-registry.ts";
import { checkHistory, type Finding } from "./check-history.ts";
import { findSuccessor, planTakeOver } from "./plan-take-over.ts";

/**
 * What a build makes of a run:
 * - SAFE: its history comes to the same here, and all it depends on is in its history;
 * - UNSEEN: nothing that is in its history differs, and something that it depends on is not in it;
 * - MIGRATES: its graph is not here, and one that takes its runs over is;
 * - WAITS: it waits for a worker that has its graph, or for what it is in the middle of to end;
 * - DIVERGES: its graph is here, and comes to something else than its history tells.
 */
export type Verdict = "SAFE" | "UNSEEN" | "MIGRATES" | "WAITS" | "DIVERGES";

/** A run as its row and its history tell of it. */
export interface JudgedRun {
  pin: string;
  isOver: boolean;
  run: RunInfo;
  events: readonly HistoryEvent[];
}

export interface Judgement extends Finding {
  verdict: Verdict;
}

/** Undefined for a run that has ended and was erased, or whose graph this build does not have: nothing of it goes on. */
export function judgeRun(graphs: GraphRegistry, { pin, isOver, run, events }: JudgedRun): Judgement | undefined {
  if (isOver && events.some(({ payload }) => isErased(payload))) return undefined;
  const head = { seq: events.at(-1)?.seq ?? 0, node: null };
  const graph = graphs.findPinned(pin);
  if (graph !== undefined) {
    const checked = checkHistory(graph, events, run);
    if ("divergence" in checked) return { verdict: "DIVERGES", ...checked.divergence };
    return checked.unseen === undefined
      ? { verdict: "SAFE", ...head, why: "" }
      : { verdict: "UNSEEN", ...checked.unseen };
  }
  if (isOver) return undefined;
  const successor = findSuccessor(graphs, pin);
  if (successor === undefined) return { verdict: "WAITS", ...head, why: `for a worker that has ${pin}` };
  const plan = planTakeOver(successor, pin, { events, run });
  if ("waits" in plan) return { verdict: "WAITS", ...plan.waits };
  return { verdict: "MIGRATES", ...head, node: plan.payload.node, why: `to ${successor.pin}` };
}
