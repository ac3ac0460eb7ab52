import { hash } from "node:crypto";
import { canonicalJson, type JsonObject } from "@soma/schemas/json";
import type { Static, TObject } from "typebox";
import { type InputSchema, toInputSchema } from "./input-schema.ts";
import type { NodeResult, NodeSpec } from "./node.ts";
import { nodeNameFault } from "./node-name.ts";
import { createTakeOvers, type Migrate, type TakeOver } from "./take-over.ts";

/** A place in a graph: a step that does something, or one in which branches run. */
export type AnyNode<S> = NodeSpec<S> | BranchingNode<S>;

export function isBranching<S>(node: AnyNode<S>): node is BranchingNode<S> {
  return "branches" in node;
}

/** One value of a graph's state: where it begins, and how an update changes it (it replaces, unless `reduce` says otherwise). */
export interface Channel<T> {
  initial: T;
  reduce?: (current: T, update: T) => T;
}

/** A channel to which updates are appended. */
export function appended<T>(): Channel<T[]> {
  return { initial: [], reduce: (current, update) => [...current, ...update] };
}

/** A channel that keeps the newest value. */
export function replaced<T>(initial: T): Channel<T> {
  return { initial };
}

export type StateOf<C> = { readonly [K in keyof C]: C[K] extends Channel<infer T> ? T : never };

export interface Graph<S> {
  name: string;
  version: number;
  /** Digest of the structure; a run is pinned to it. */
  hash: string;
  /** name@version#hash, as workers announce it. */
  pin: string;
  entry: string;
  /** Milliseconds a run may take, pauses not counted; it is canceled then. */
  timeoutMs: number;
  /** What a run begins with, given its input; undefined for a graph that takes a text. Throws what is wrong with the input. */
  begin: ((input: JsonObject) => Partial<S>) | undefined;
  /** Undefined where the graph does not declare one. */
  inputSchema: InputSchema | undefined;
  initial(): S;
  fold(state: S, patch: Partial<S>): S;
  node(id: string): AnyNode<S>;
  /** Its nodes in the order they were declared, the entry first. */
  nodeIds: readonly string[];
  /** The nodes that can follow one; it chooses where there are several, and is an end where there is none. */
  following(id: string): readonly string[];
  /** The node after this one, or undefined when the run is at its end. */
  next(id: string, state: S): string | undefined;
  /** What a finished run answers. */
  answer(state: S): string;
  /** How runs go on with this graph that are pinned to another one, by their pins. */
  takeOvers: ReadonlyMap<string, TakeOver<AnyGraph>>;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds graphs of different states; each one is only ever given its own
export type AnyGraph = Graph<any>;

/** One of several graphs that run at the same time in a step, each over a state of its own. */
export interface Branch {
  /** Unique in its step; empty where the step has but this one. */
  key: string;
  graph: AnyGraph;
  /** What the branch begins with, folded into the graph's initial state. */
  start: object;
}

/** Why a branch failed: a code of the error catalogue, and what people may read. */
export interface BranchError {
  code: string;
  message: string;
}

/**
 * A place in a graph where branches run: each step of a branch is durable by itself, and one that is done is not done again,
 * whatever happens to the others. When all branches are at their ends, `join` makes one result of them.
 */
export interface BranchingNode<S> {
  type: "parallel" | "map" | "subgraph";
  /** The graph of each branch by its key, or of every branch under `*`; they are part of what the run is pinned to. */
  graphs: Readonly<Record<string, AnyGraph>>;
  /** Branches that are under way at once; one that waits is under way. */
  limit: number;
  summary?: (state: S) => string;
  /** The same for the same state: after a crash it is asked again. */
  branches(state: S): readonly Branch[];
  /** `ends` are the last states of the branches, in their order. */
  join(ends: readonly unknown[], state: S): NodeResult<S>;
  /** What changes in the state of a branch that failed, which is at its end then. Left out, the run fails with it. */
  giveUp?(error: BranchError, key: string): object;
}

/** What else is declared of a graph. */
export interface GraphOptions<S, Input extends TObject = TObject> {
  /** Milliseconds a run may take, pauses not counted; an hour unless said otherwise, at most 366 days. */
  timeoutMs?: number;
  /**
   * What a run is started with: `Type.Object({...})`. The page makes a form of it, with its titles, descriptions and defaults; an
   * input that does not fit is refused with each fault at its place. It is not part of what runs are pinned to: it is asked
   * when they are started.
   */
  input?: Input;
  /**
   * Makes of a run's input what its state begins with; an error it throws is told to whoever starts the run. Left out, as
   * `input` too, the input has to have a text, as that of a conversation. It has to give the same for the same input: it is
   * asked again after a crash.
   */
  begin?(input: TObject extends Input ? JsonObject : Static<Input>): Partial<S>;
}

type Edge<S> = { to: string } | { choose: (state: S) => string; among: readonly string[] };

export interface GraphBuilder<S> {
  /** An id is 1 to 64 letters, digits, _ and -, a letter first. */
  node(id: string, spec: AnyNode<S>): GraphBuilder<S>;
  /** After `from` always `to`. */
  edge(from: string, to: string): GraphBuilder<S>;
  /** After `from` whichever of `among` the state asks for. */
  when(from: string, among: readonly string[], choose: (state: S) => string): GraphBuilder<S>;
  /**
   * Runs that are pinned to this one, as `name@version#hash`, go on with the graph as they stand: each whose history takes the same
   * path here. Nodes of the same name have to do the same under the same keys.
   */
  compatibleWith(pin: string): GraphBuilder<S>;
  /** Runs that are pinned to `old` go on with the graph in the state, and at the node, that `migrate` makes of theirs. */
  migrateFrom<T>(old: Graph<T>, migrate: Migrate<T, S>): GraphBuilder<S>;
  build(answer: (state: S) => string): Graph<S>;
}

/**
 * Declares an agent graph. The first node is the entry; a node without an edge is an end. `build()` refuses edges to or
 * from nodes that do not exist and nodes that cannot be reached.
 *
 *   graph("greeter", 1, { text: replaced("") }).node("greet", {...}).edge("greet", "answer").node("answer", {...}).build((s) => s.text)
 */
export function graph<C extends Record<string, unknown>, Input extends TObject = TObject>(
  name: string,
  version: number,
  channels: C,
  options: GraphOptions<StateOf<C>, Input> = {},
): GraphBuilder<StateOf<C>> {
  type S = StateOf<C>;
  const nodes = new Map<string, AnyNode<S>>();
  const edges = new Map<string, Edge<S>>();
  const takeOvers = createTakeOvers<AnyGraph>(name);

  const connect = (from: string, edge: Edge<S>): GraphBuilder<S> => {
    if (edges.has(from))
      throw new Error(`graph ${name}: node "${from}" has an edge already; use when() to choose among several`);
    edges.set(from, edge);
    return builder;
  };

  const builder: GraphBuilder<S> = {
    node(id, spec) {
      const fault = nodeNameFault(id);
      if (fault !== undefined) throw new Error(`graph ${name}: the node id ${fault}`);
      if (nodes.has(id)) throw new Error(`graph ${name}: node "${id}" stands twice`);
      nodes.set(id, spec);
      return builder;
    },
    edge: (from, to) => connect(from, { to }),
    when: (from, among, choose) => connect(from, { choose, among }),
    compatibleWith(pin) {
      takeOvers.compatibleWith(pin);
      return builder;
    },
    migrateFrom(old, migrate) {
      takeOvers.migrateFrom(old, migrate);
      return builder;
    },
    build: (answer) =>
      buildGraph({
        name,
        version,
        channels: channels as Record<string, Channel<unknown>>,
        nodes,
        edges,
        answer,
        takeOvers: takeOvers.all,
        // An input is what its schema says when begin() is asked.
        ...(options as unknown as GraphOptions<S>),
      }),
  };
  return builder;
}

interface Parts<S> extends GraphOptions<S> {
  name: string;
  version: number;
  channels: Record<string, Channel<unknown>>;
  nodes: ReadonlyMap<string, AnyNode<S>>;
  edges: ReadonlyMap<string, Edge<S>>;
  answer: (state: S) => string;
  takeOvers: ReadonlyMap<string, TakeOver<AnyGraph>>;
}

/** Milliseconds a run may take whose graph says nothing else. */
export const DEFAULT_TIMEOUT_MS = 3_600_000;
const MAX_TIMEOUT_MS = 366 * 24 * 3_600_000;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

function buildGraph<S>(parts: Parts<S>): Graph<S> {
  const { name, version, channels, nodes, edges, timeoutMs = DEFAULT_TIMEOUT_MS } = parts;
  const [entry] = nodes.keys();
  if (!NAME.test(name)) throw new Error(`graph name "${name}" is not 1 to 64 of a-z, 0-9, _ and -, a letter first`);
  if (!Number.isInteger(version) || version < 1 || version > 2 ** 31 - 1)
    throw new Error(`graph ${name}: version ${version} is not a whole number from 1 on`);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS)
    throw new Error(`graph ${name}: timeoutMs ${timeoutMs} is not a whole number from 1 to ${MAX_TIMEOUT_MS}`);
  if (entry === undefined) throw new Error(`graph ${name} has no node`);
  checkEdges(parts, entry);
  const shape = {
    nodes: [...nodes].map(([id, spec]) => [id, spec.type, ...pinsIn(spec)]),
    edges: [...edges].map(([from, edge]) => [from, targetsOf(edge)]),
    channels: Object.keys(channels),
  };
  const digest = hash("sha256", canonicalJson(shape), "hex").slice(0, 16);

  return {
    name,
    version,
    hash: digest,
    pin: `${name}@${version}#${digest}`,
    entry,
    timeoutMs,
    begin: parts.begin,
    inputSchema: parts.input === undefined ? undefined : toInputSchema(parts.input),
    answer: parts.answer,
    takeOvers: parts.takeOvers,
    initial: () => Object.fromEntries(Object.entries(channels).map(([key, channel]) => [key, channel.initial])) as S,
    fold(state, patch) {
      const next: Record<string, unknown> = { ...(state as object) };
      for (const [key, update] of Object.entries(patch as object)) {
        const channel = channels[key];
        if (channel === undefined) throw new Error(`graph ${name} has no channel "${key}"`);
        next[key] = channel.reduce === undefined ? update : channel.reduce(next[key] as never, update as never);
      }
      return next as S;
    },
    node(id) {
      const spec = nodes.get(id);
      if (spec === undefined) throw new Error(`graph ${name} has no node "${id}"`);
      return spec;
    },
    nodeIds: [...nodes.keys()],
    following(id) {
      const edge = edges.get(id);
      return edge === undefined ? [] : targetsOf(edge);
    },
    next(id, state) {
      const edge = edges.get(id);
      if (edge === undefined) return undefined;
      if ("to" in edge) return edge.to;
      const chosen = edge.choose(state);
      if (!edge.among.includes(chosen))
        throw new Error(`graph ${name}: node "${id}" chose "${chosen}", which is not one of ${edge.among.join(", ")}`);
      return chosen;
    },
  };
}

/** The graphs that run in a node are part of the structure. */
function pinsIn<S>(spec: AnyNode<S>): string[] {
  return isBranching(spec) ? Object.values(spec.graphs).map(({ pin }) => pin) : [];
}

function targetsOf<S>(edge: Edge<S>): readonly string[] {
  return "to" in edge ? [edge.to] : edge.among;
}

function checkEdges<S>({ name, nodes, edges }: Parts<S>, entry: string): void {
  for (const [from, edge] of edges) {
    if (targetsOf(edge).length === 0) throw new Error(`graph ${name}: node "${from}" has nothing to choose among`);
    for (const id of [from, ...targetsOf(edge)])
      if (!nodes.has(id)) throw new Error(`graph ${name}: an edge names "${id}", which is not a node`);
  }
  const reached = new Set([entry]);
  for (const id of reached) {
    const edge = edges.get(id);
    if (edge !== undefined) for (const to of targetsOf(edge)) reached.add(to);
  }
  const lost = [...nodes.keys()].filter((id) => !reached.has(id));
  if (lost.length > 0) throw new Error(`graph ${name}: no path leads to ${lost.join(", ")}`);
  if ([...nodes.keys()].every((id) => edges.has(id)))
    throw new Error(`graph ${name} has no end: every node has an edge to another`);
}
