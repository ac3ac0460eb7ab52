import type { AnyGraph } from "./graph.ts";
import { assistantGraph } from "./graphs/assistant.ts";

/** Every graph this build can run. A run stays with the version it was started on; keep old versions here until none is left. */
const GRAPHS: readonly AnyGraph[] = [assistantGraph];

/** The newest version of a graph, for new runs. */
export function findGraph(name: string): AnyGraph | undefined {
  return GRAPHS.filter((graph) => graph.name === name).sort((a, b) => b.version - a.version)[0];
}

/** The very version a run is pinned to. */
export function findPinnedGraph(name: string, version: number): AnyGraph | undefined {
  return GRAPHS.find((graph) => graph.name === name && graph.version === version);
}

export function graphNames(): string[] {
  return [...new Set(GRAPHS.map((graph) => graph.name))];
}

export function graphPins(): string[] {
  return GRAPHS.map((graph) => graph.pin);
}
