import { payloadOf } from "@soma/schemas/run-history";
import { type AnyGraph, isBranching } from "@soma/sdk/graph";
import type { RunInfo } from "@soma/sdk/node";
import { type HistoryEvent, isRunEnd } from "../../domain/history.ts";
import { effectiveEvents } from "../../domain/rollback.ts";
import { type Position, replay } from "../execute/replay.ts";
import { branchesIn, type Scope } from "../execute/scope.ts";
import { createWitness, type Witness } from "./witness.ts";

/** The event of a history at which a build comes to something else, or from which on nothing is recorded that would show it. */
export interface Finding {
  seq: number;
  node: string | null;
  why: string;
}

/** Where a run stands in a graph, with what of that its history does not show; or where its history does not fit the graph. */
export type Checked = { position: Position; unseen: Finding | undefined } | { divergence: Finding };

/**
 * Folds the history of a run through a graph and compares, event by event, what it tells with what the graph comes to. Only
 * functions of the graph are called that do nothing outside: nothing is executed that has effects.
 */
export function checkHistory(graph: AnyGraph, events: readonly HistoryEvent[], run: RunInfo): Checked {
  const standing = effectiveEvents(events);
  const witness = createWitness(run);
  let at = standing[0];
  try {
    const position = replay(graph, standing, (event, scope, node) => {
      at = event;
      if (event.kind.startsWith("STREAM_")) return;
      refuse(placeFault(event, scope, node) ?? beginFault(event, scope, node) ?? witness.hear(event, scope));
    });
    at = standing.at(-1) ?? at;
    refuse(endFault(graph, position.root, at));
    const open = isOver(at) ? undefined : findOpen(position.root, witness);
    return { position, unseen: open === undefined ? undefined : finding(at, open) };
  } catch (error) {
    return { divergence: finding(at, { why: error instanceof Error ? error.message : String(error) }) };
  }
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new Error(why);
}

function finding(at: HistoryEvent | undefined, { node, why }: { node?: string; why: string }): Finding {
  return { seq: at?.seq ?? 0, node: node ?? at?.node ?? null, why };
}

function isOver(last: HistoryEvent | undefined): boolean {
  return last !== undefined && isRunEnd(last);
}

/** The history is at a node at which the graph is not, or which is something else there. */
function placeFault({ nodeType }: HistoryEvent, scope: Scope, node: string): string | undefined {
  if (scope.node === undefined) return `it goes on with ${node}, and ${scope.graph.name} is at its end here`;
  if (scope.node !== node) return `it goes on with ${node}, and ${scope.graph.name} with ${scope.node}`;
  const { type } = scope.graph.node(node);
  return nodeType === null || nodeType === type ? undefined : `node ${node} was a ${nodeType}, and is a ${type} now`;
}

/** What a step did when it began is not what it would do. */
function beginFault(event: HistoryEvent, scope: Scope, node: string): string | undefined {
  if (event.kind !== "STEP_STARTED") return undefined;
  const { once, branches } = payloadOf(event.kind, event.payload);
  const spec = scope.graph.node(node);
  if (isBranching(spec)) {
    const width = branches === undefined ? undefined : branchesIn(scope).length;
    return width === branches ? undefined : `node ${node} had ${branches} branches, and has ${width} now`;
  }
  return once === true && spec.once !== true
    ? `node ${node} was one that is not done twice, and is done again now when its end is not known`
    : undefined;
}

function endFault(graph: AnyGraph, root: Scope, last: HistoryEvent | undefined): string | undefined {
  if (last?.kind !== "RUN_SUCCEEDED") return undefined;
  if (root.node !== undefined) return `it had ended, and ${graph.name} goes on with ${root.node}`;
  const { answer } = payloadOf(last.kind, last.payload);
  return answer === graph.answer(root.state) ? undefined : "it had answered something else";
}

/** What of an open run its history does not show; throws what shows that it is not the same. */
function findOpen(scope: Scope, witness: Witness): { node: string; why: string } | undefined {
  const here = witness.look(scope);
  if (here !== undefined) return here;
  for (const branch of scope.branches.values()) {
    const inside = findOpen(branch, witness);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
