/** A worker process of the product, whose graphs are those of the matrix; started by matrix.ts. */
import { runMain } from "@soma/shared/run-main";
import { createGraphRegistry } from "../../subgraphs/runs/engine/graphs/graph-registry.ts";
import { startWorker } from "../../subgraphs/runs/worker.ts";
import { matrixGraphs } from "./graphs.ts";

const graphs = createGraphRegistry(matrixGraphs(process.env.SOMA_MATRIX_LEDGER ?? ""));
await runMain("worker", (deps) => startWorker({ ...deps, bus: undefined, graphs }));
