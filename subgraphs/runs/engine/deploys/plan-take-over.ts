import type { JsonObject } from "@soma/schemas/json";
import { payloadOf, type RunHistory } from "@soma/schemas/run-history";
import { type AnyGraph, isBranching } from "@soma/sdk/graph";
import type { RunInfo } from "@soma/sdk/node";
import type { TakeOver } from "@soma/sdk/take-over";
import { toStorableJson } from "@soma/shared/json";
import type { HistoryEvent } from "../../domain/history.ts";
import { effectiveEvents } from "../../domain/rollback.ts";
import type { Scope } from "../execute/scope.ts";
import type { GraphRegistry } from "../graphs/graph-registry.ts";
import { checkHistory, type Finding } from "./check-history.ts";

/** The graph that a run goes on with, and the event that says so; or why it stays with its own. */
export type TakeOverPlan = { to: AnyGraph; payload: RunHistory["RUN_MIGRATED"] } | { waits: Finding };

/** The graph of this build that takes over the runs which are pinned to one that it does not have. */
export function findSuccessor(graphs: GraphRegistry, pin: string): AnyGraph | undefined {
  if (graphs.findPinned(pin) !== undefined) return undefined;
  return graphs.list().find(({ takeOvers }) => takeOvers.has(pin));
}

/** A graph that is kept for the runs that are migrated from it, and runs no more. */
export function findOld(graphs: GraphRegistry, pin: string): AnyGraph | undefined {
  return findSuccessor(graphs, pin)?.takeOvers.get(pin)?.old;
}

/** The pins whose runs this build takes over. */
export function pinsTakenOver(graphs: GraphRegistry): string[] {
  const pins = graphs.list().flatMap(({ takeOvers }) => [...takeOvers.keys()]);
  return pins.filter((pin) => graphs.findPinned(pin) === undefined);
}

/** Plans how a run that nobody has goes on with a graph that takes over what it is pinned to. Reads nothing, and does nothing outside. */
export function planTakeOver(
  to: AnyGraph,
  from: string,
  { events, run }: { events: readonly HistoryEvent[]; run: RunInfo },
): TakeOverPlan {
  const takeOver = to.takeOvers.get(from) ?? {};
  const checked = checkHistory(takeOver.old ?? to, events, run);
  if ("divergence" in checked) return { waits: checked.divergence };
  const { root } = checked.position;
  const moved = move(to, root, takeOver);
  const fault = "fault" in moved ? moved.fault : stepFault(to, moved.node, { scope: root, events });
  if (fault !== undefined) return { waits: { seq: events.at(-1)?.seq ?? 0, node: root.node ?? null, why: fault } };
  const { state = null, node = null } = "fault" in moved || moved.state === undefined ? {} : moved;
  return { to, payload: { from, to: to.pin, state, node } };
}

/** Where the run is in the new graph; without a state it stands as it stood. */
function move(
  to: AnyGraph,
  { state, node }: Scope,
  takeOver: TakeOver<AnyGraph>,
): { node: string; state?: JsonObject } | { fault: string } {
  if (node === undefined) return { fault: "it is at its end, and only its own graph knows its answer" };
  if (takeOver.old === undefined) return { node };
  try {
    const moved = takeOver.migrate({ state, node });
    const kept = toStorableJson(moved.state) as JsonObject;
    const at = moved.node ?? node;
    if (!to.nodeIds.includes(at)) return { fault: `its migration leads to node ${at}, which ${to.pin} does not have` };
    return { node: at, state: toStorableJson(withAllChannels(to, kept)) as JsonObject };
  } catch (error) {
    return { fault: `its migration failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Throws when the state has something that the graph does not. */
function withAllChannels(to: AnyGraph, state: JsonObject): object {
  const initial = to.initial() as object;
  const strange = Object.keys(state).filter((name) => !Object.hasOwn(initial, name));
  if (strange.length > 0) throw new Error(`${to.pin} has no channel ${strange.join(", ")}`);
  return { ...initial, ...state };
}

/** Why a step that has begun cannot go on in the new graph. */
function stepFault(
  to: AnyGraph,
  node: string,
  { scope, events }: { scope: Scope; events: readonly HistoryEvent[] },
): string | undefined {
  const { number, unsettled } = scope.step;
  if (number === undefined) return undefined;
  const was = scope.graph.node(scope.node ?? "");
  const spec = to.node(node);
  if (isBranching(was) || isBranching(spec)) return `step ${number} has branches, which end in its own graph`;
  if (node !== scope.node) return `step ${number} waits at ${scope.node}, and its migration leads to ${node}`;
  if (was.type !== spec.type) return `step ${number} is a ${was.type}, and ${node} is a ${spec.type} now`;
  return unsettled && spec.once !== true && isOnce(events, number)
    ? `it is not known whether step ${number} was done, which must not be done twice, and ${to.pin} does not find out`
    : undefined;
}

function isOnce(events: readonly HistoryEvent[], step: number): boolean {
  return effectiveEvents(events).some(
    (event) =>
      event.step === step && event.kind === "STEP_STARTED" && payloadOf(event.kind, event.payload).once === true,
  );
}
