import type { Branch, BranchError, BranchingNode, Graph } from "./graph.ts";
import type { NodeResult } from "./node.ts";
import { nodeNameFault } from "./node-name.ts";

const MAP_LIMIT = 10;

/** A branch of `parallel` and where it begins; left out, with the graph's initial state. */
export interface NamedBranch<S, I> {
  graph: Graph<I>;
  start?(state: S): Partial<I>;
}

export interface ParallelOptions<S, B extends Record<string, unknown>> {
  branches: { [K in keyof B]: NamedBranch<S, B[K]> };
  /** What the step comes to, given the last state of each branch. */
  join(ends: B, state: S): NodeResult<S>;
  /** Branches under way at once; left out, all. */
  limit?: number;
  summary?: (state: S) => string;
  giveUp?(error: BranchError, key: string): object;
}

/**
 * Runs several graphs at the same time and goes on when all are at their ends.
 *
 *   .node("both", parallel({ branches: { news: { graph: search }, prices: { graph: quotes } },
 *     join: ({ news, prices }) => ({ summary: "found both", patch: { text: `${news.text} ${prices.text}` } }) }))
 */
export function parallel<S, B extends Record<string, unknown>>(options: ParallelOptions<S, B>): BranchingNode<S> {
  const { branches, join, limit = Object.keys(branches).length, ...rest } = options;
  const named = Object.entries(branches) as [string, NamedBranch<S, unknown>][];
  if (named.length === 0) throw new TypeError("a parallel node has no branch");
  for (const [name] of named) {
    const fault = nodeNameFault(name);
    if (fault !== undefined) throw new TypeError(`the branch name ${fault}`);
  }
  return {
    type: "parallel",
    graphs: Object.fromEntries(named.map(([key, { graph }]) => [key, graph])),
    limit: checkLimit(limit),
    ...rest,
    branches: (state) =>
      named.map(([key, { graph, start }]) => ({ key, graph, start: start?.(state) ?? {} }) satisfies Branch),
    join: (ends, state) => join(Object.fromEntries(named.map(([key], index) => [key, ends[index]])) as B, state),
  };
}

export interface MapOptions<S, T, I> {
  /** The list; the branches' keys are its indexes from 0. */
  over(state: S): readonly T[];
  graph: Graph<I>;
  /** What the branch of an item begins with. */
  start(item: T, index: number, state: S): Partial<I>;
  /** What the step comes to, given the last states in the order of the list. */
  join(ends: readonly I[], state: S): NodeResult<S>;
  /** Items under way at once, 10 unless said otherwise. */
  limit?: number;
  summary?: (state: S) => string;
  /** What changes in the state of an item that failed, which is at its end then. Left out, the run fails with it. */
  giveUp?(error: BranchError, index: number): Partial<I>;
}

/**
 * Runs a graph for each item of a list, so many at a time.
 *
 *   .node("each", map({ over: (state) => state.urls, graph: fetchOne, start: (url) => ({ url }), limit: 5,
 *     join: (ends) => ({ summary: `read ${ends.length}`, patch: { pages: ends.map((end) => end.page) } }) }))
 */
export function map<S, T, I>(options: MapOptions<S, T, I>): BranchingNode<S> {
  const { over, graph, start, join, limit = MAP_LIMIT, giveUp, ...rest } = options;
  return {
    type: "map",
    graphs: { "*": graph },
    limit: checkLimit(limit),
    ...rest,
    branches: (state) =>
      over(state).map((item, index) => ({ key: String(index), graph, start: start(item, index, state) as object })),
    join: (ends, state) => join(ends as readonly I[], state),
    ...(giveUp === undefined ? {} : { giveUp: (error, key) => giveUp(error, Number(key)) as object }),
  };
}

export interface SubgraphOptions<S, I> {
  graph: Graph<I>;
  start?(state: S): Partial<I>;
  /** What the step comes to, given the last state of the graph. */
  join(end: I, state: S): NodeResult<S>;
  summary?: (state: S) => string;
  /** What changes in the state of the graph when it failed, which is at its end then. Left out, the run fails with it. */
  giveUp?(error: BranchError): Partial<I>;
}

/** Runs another graph as one step, over a state of its own. */
export function subgraph<S, I>({ graph, start, join, giveUp, ...rest }: SubgraphOptions<S, I>): BranchingNode<S> {
  return {
    type: "subgraph",
    graphs: { "": graph },
    limit: 1,
    ...rest,
    branches: (state) => [{ key: "", graph, start: (start?.(state) ?? {}) as object }],
    join: ([end], state) => join(end as I, state),
    ...(giveUp === undefined ? {} : { giveUp: (error) => giveUp(error) as object }),
  };
}

function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new TypeError(`the limit ${limit} of branches at once is not a whole number from 1 on`);
}
