import type { AnyGraph } from "@soma/sdk/graph";

/** The graphs a process can run. */
export interface GraphRegistry {
  /** The newest version of a graph, for new runs. */
  find(name: string): AnyGraph | undefined;
  /** The very version a run is pinned to. */
  findPinned(name: string, version: number): AnyGraph | undefined;
  names(): string[];
  /** name@version#hash of each; a worker only claims runs that are pinned to one of them. */
  pins(): string[];
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
  return {
    find: (name) => graphs.filter((graph) => graph.name === name).sort((a, b) => b.version - a.version)[0],
    findPinned: (name, version) => graphs.find((graph) => graph.name === name && graph.version === version),
    names: () => [...new Set(graphs.map((graph) => graph.name))],
    pins: () => graphs.map((graph) => graph.pin),
  };
}
