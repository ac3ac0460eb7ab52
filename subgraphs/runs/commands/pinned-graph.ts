import type { AnyGraph } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import type { RunRow } from "../store/tables.ts";

/** The graph a run is pinned to; throws NOT_FOUND, with those there are, when this build does not have it. */
export function pinnedGraph(graphs: GraphRegistry, { runId, graph: name, graphVersion, graphHash }: RunRow): AnyGraph {
  const pin = `${name}@${graphVersion}#${graphHash}`;
  const graph = graphs.findPinned(name, graphVersion);
  if (graph?.pin === pin) return graph;
  const known = graphs.pins().join(", ");
  throw new SomaError(
    "NOT_FOUND",
    `run ${runId} is pinned to graph ${pin}, which this build does not have; ask one that has it. This one has ${known}`,
  );
}
