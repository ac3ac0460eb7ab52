/** A worker process of the product, whose graphs are those of the measure; started by take-over.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyGraph, graph, replaced } from "@soma/sdk/graph";
import { runMain } from "@soma/shared/run-main";
import { createGraphRegistry } from "../../../subgraphs/runs/engine/graphs/graph-registry.ts";
import { startWorker } from "../../../subgraphs/runs/worker.ts";

const STEPS = 20;
const STEP_MS = 100;

/** Steps that repeat an effect by its key, and steps without one, in turn. */
export function manySteps(): AnyGraph {
  const building = graph("many", 1, { kept: replaced("") });
  for (let i = 1; i <= STEPS; i += 1) {
    const run = () => sleep(STEP_MS).then(() => ({ summary: "done", patch: { kept: `step ${i}` } }));
    building.node(`step${i}`, { type: "tool", pure: i % 2 === 0, run });
    if (i > 1) building.edge(`step${i - 1}`, `step${i}`);
  }
  return building.build(() => "done");
}

/** One step that leaves the event loop of its process no turn for so many milliseconds. */
export function busyStep(): AnyGraph {
  return graph("busy", 1, {})
    .node("computes", {
      type: "tool",
      pure: true,
      run() {
        const until = performance.now() + BUSY_MS;
        while (performance.now() < until);
        return { summary: "done" };
      },
    })
    .build(() => "done");
}

const BUSY_MS = 7_000;

if (import.meta.main) {
  const graphs = createGraphRegistry([manySteps(), busyStep()]);
  await runMain("worker", (deps) => startWorker({ ...deps, bus: undefined, graphs }));
}
