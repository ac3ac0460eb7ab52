import type { AnyGraph } from "@soma/sdk/graph";
import { createGraphRegistry, type GraphRegistry } from "./graph-registry.ts";

/** Graphs that are no longer there for new runs and are kept for open ones; the oldest goes first. */
const MAX_EARLIER = 200;

/** Graphs that ship, and those of a project, which change while runs go on. */
export interface LiveGraphs extends GraphRegistry {
  /**
   * Takes these for all of the project's. A run stays with the structure it is pinned to: one that a new graph does not have
   * any more stays until this process ends or 200 newer ones have come. A graph of the same structure replaces its like at the next claim of a run.
   */
  replace(graphs: readonly AnyGraph[]): void;
}

export function createLiveGraphs(shipped: readonly AnyGraph[]): LiveGraphs {
  let own: readonly AnyGraph[] = [];
  let current = createGraphRegistry(shipped);
  let earlier: AnyGraph[] = [];
  return {
    find: (name) => current.find(name),
    findPinned: (pin) => current.findPinned(pin) ?? earlier.find((graph) => graph.pin === pin),
    list: () => current.list(),
    names: () => current.names(),
    pins: () => [...new Set([...current.pins(), ...earlier.map(({ pin }) => pin)])],
    replace(graphs) {
      current = createGraphRegistry([...shipped, ...graphs]);
      const pins = new Set(own.map(({ pin }) => pin));
      earlier = [...earlier.filter(({ pin }) => !pins.has(pin)), ...own].slice(-MAX_EARLIER);
      own = graphs;
    },
  };
}
