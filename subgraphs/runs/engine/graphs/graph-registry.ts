import type { AnyGraph } from "@soma/sdk/graph";

/** The graphs a process can run. */
export interface GraphRegistry {
  /** The newest version of a graph, for new runs. */
  find(name: string): AnyGraph | undefined;
  /** The very graph a run is pinned to: name@version#hash. */
  findPinned(pin: string): AnyGraph | undefined;
  /** What new runs can be started of, the newest version of each, by name. */
  list(): readonly AnyGraph[];
  names(): string[];
  /** name@version#hash of each; a worker only claims runs that are pinned to one of them. */
  pins(): string[];
}

/** What a run is pinned to, as its row tells. */
export function pinOf(run: { graph: string; graphVersion: number; graphHash: string }): string {
  return `${run.graph}@${run.graphVersion}#${run.graphHash}`;
}

/** Throws when two graphs have the same name and version: a run that is pinned to one would execute either. */
export function createGraphRegistry(graphs: readonly AnyGraph[]): GraphRegistry {
  const pins = new Map<string, string>();
  for (const { name, version, pin } of graphs) {
    const named = `${name}@${version}`;
    const other = pins.get(named);
    if (other !== undefined)
      throw new Error(`two graphs are ${named} (${other}, ${pin}); give the newer one another version`);
    pins.set(named, pin);
  }
  const names = [...new Set(graphs.map((graph) => graph.name))];
  const find = (name: string): AnyGraph | undefined =>
    graphs.filter((graph) => graph.name === name).sort((a, b) => b.version - a.version)[0];
  return {
    find,
    findPinned: (wanted) => graphs.find(({ pin }) => pin === wanted),
    list: () => names.toSorted().flatMap((name) => find(name) ?? []),
    names: () => names,
    pins: () => graphs.map((graph) => graph.pin),
  };
}
