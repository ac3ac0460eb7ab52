import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { findOld } from "../engine/deploys/plan-take-over.ts";
import { type GraphRegistry, pinOf } from "../engine/graphs/graph-registry.ts";
import type { RunRow } from "../store/tables.ts";

/** The graph a run is pinned to, or was; throws NOT_FOUND, with those there are, when this build does not have it. */
export function getPinnedGraph(graphs: GraphRegistry, run: RunRow, pin = pinOf(run)): AnyGraph {
  const graph = graphs.findPinned(pin) ?? findOld(graphs, pin);
  if (graph !== undefined) return graph;
  const known = graphs.pins().join(", ");
  throw new SomaError(
    "NOT_FOUND",
    `run ${run.runId} is pinned to graph ${pin}, which this build does not have; ask one that has it. This one has ${known}`,
  );
}
