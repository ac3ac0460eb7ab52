import type { HistoryError } from "@soma/schemas/run-history";
import { type AnyGraph, type Branch, type BranchingNode, isBranching } from "@soma/sdk/graph";
import type { Wake } from "@soma/sdk/node";
import { NO_TRIES, type Tries } from "@soma/sdk/retries";
import { SomaError } from "@soma/shared/errors";
import type { Waiting } from "./parking.ts";
import type { EarlierStreams } from "./step-streams.ts";

/** A graph under way in a run: the run's own, or that of a branch. */
export interface Scope {
  /**
   * What stands before the ids of its nodes in the history: nothing for the run's own graph, `each[17]/` for the branch
   * 17 of the node `each`, `both[news]/deep/` for a subgraph in a branch.
   */
  readonly path: string;
  readonly graph: AnyGraph;
  // biome-ignore lint/suspicious/noExplicitAny: each graph is only ever given its own state
  state: any;
  /** Node to execute next; undefined when the graph is at its end. */
  node: string | undefined;
  /** The step of that node. */
  step: OpenStep;
  /** At most so many bytes its state has as JSON; undefined while it was not measured. */
  stateBytes: number | undefined;
  /** Those of its branches that have begun, by key. */
  readonly branches: Map<string, Scope>;
}

/** A step that was not ended yet. */
export interface OpenStep {
  /** Its number in the run; undefined before it began. */
  number: number | undefined;
  /** Attempts that began, and how they went that were tried again. */
  attempts: number;
  tries: Tries;
  /** When the next attempt is due after one that failed. */
  retryAt: Date | undefined;
  /** What it waits for when it parked and has not gone on, and what woke it when it has. */
  parked: Waiting | undefined;
  woken: Wake | undefined;
  /** How often it was woken. */
  wakes: number;
  /** An attempt began, and whether it did what it does is not known. */
  unsettled: boolean;
  /**
   * Then: since when it is known to be over. Undefined while nobody has begun another one, which is when its process is
   * dead.
   */
  unsettledSince: Date | undefined;
  /** When its last attempt, or what woke it, began. */
  beganAt: Date | undefined;
  /** Span of the last attempt that was to be made again, as its history tells; empty where it tells of none. */
  spanId: string;
  streams: EarlierStreams;
  /** Of a step with branches: why one failed that was not given up, or was canceled. */
  failed: HistoryError | undefined;
}

export function newStep(): OpenStep {
  return {
    number: undefined,
    attempts: 0,
    tries: NO_TRIES,
    retryAt: undefined,
    parked: undefined,
    woken: undefined,
    wakes: 0,
    unsettled: false,
    unsettledSince: undefined,
    beganAt: undefined,
    spanId: "",
    streams: { open: new Map(), ended: new Set() },
    failed: undefined,
  };
}

export function beginScope(path: string, graph: AnyGraph, start: object = {}): Scope {
  const state = graph.fold(graph.initial(), start);
  return { path, graph, state, node: graph.entry, step: newStep(), stateBytes: undefined, branches: new Map() };
}

/** The step of a scope's node has ended: what it changed is folded in, and its graph goes on. */
export function endStep(scope: Scope, node: string, patch: object): void {
  scope.state = scope.graph.fold(scope.state, patch);
  scope.node = scope.graph.next(node, scope.state);
  scope.step = newStep();
  scope.branches.clear();
}

/**
 * Why a scope's state would be too large with one more patch. It is measured only when what was added to it since the
 * last time may have made it so.
 */
export function stateFault(scope: Scope, patch: object, maxBytes: number): string | undefined {
  scope.stateBytes = (scope.stateBytes ?? Number.POSITIVE_INFINITY) + bytesOf(patch);
  if (scope.stateBytes <= maxBytes) return undefined;
  scope.stateBytes = bytesOf(scope.graph.fold(scope.state, patch));
  if (scope.stateBytes <= maxBytes) return undefined;
  return `the state of graph ${scope.graph.name} has ${scope.stateBytes} bytes, and a run may keep ${maxBytes} (SOMA_RUN_MAX_STATE_BYTES)`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A branch that failed and was given up is at its end. */
export function giveUpBranch(
  spec: Pick<BranchingNode<unknown>, "giveUp">,
  branch: Scope,
  error: HistoryError,
  key: string,
): void {
  branch.state = branch.graph.fold(branch.state, spec.giveUp?.(error, key) ?? {});
  branch.node = undefined;
  branch.step = newStep();
  branch.branches.clear();
}

/** The scope of a branch of the step a scope is in, begun when it was not. */
export function branchOf(scope: Scope, { key, graph, start }: Branch): Scope {
  const begun = scope.branches.get(key) ?? beginScope(branchPath(scope, key), graph, start);
  scope.branches.set(key, begun);
  return begun;
}

/** The branches of the step a scope is in; refused when two have one key. */
export function branchesIn(scope: Scope): readonly Branch[] {
  const { graph, node = "", state } = scope;
  const spec = graph.node(node);
  if (!isBranching(spec))
    throw new SomaError("INTERNAL", `node ${scope.path}${node} of graph ${graph.pin} has no branches`);
  const branches = spec.branches(state);
  const keys = new Set(branches.map(({ key }) => key));
  if (keys.size < branches.length)
    throw new SomaError("BAD_INPUT", `node ${scope.path}${node} has two branches of one key`);
  return branches;
}

function branchPath({ path, node = "" }: Scope, key: string): string {
  return key === "" ? `${path}${node}/` : `${path}${node}[${key}]/`;
}
