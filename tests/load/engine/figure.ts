/**
 * One run of a size, in a process of its own so that its peak of memory is its own. Started by figures.ts; prints a line of JSON.
 *
 *   SOMA_TEST_DATABASE_URL=... node_modules/.bin/node tests/load/engine/figure.ts steps|state|fanout SIZE
 */
import { map } from "@soma/sdk/branches";
import { type AnyGraph, graph, replaced } from "@soma/sdk/graph";
import { until } from "@soma/shared/testing/until";
import { RUN_STATUS } from "../../../subgraphs/runs/domain/run-status.ts";
import { createEngineHarness } from "../../../subgraphs/runs/testing/engine.ts";
import { PAYLOAD } from "./contender.ts";

/** What came of one size. */
export interface Figure {
  seconds: number;
  /** Events of its history. */
  events: number;
  peakMb: number;
}

const LIMIT_MS = 240_000;
/** Steps that a state of many bytes is carried through. */
const CARRIED = 200;

const loop = (steps: number, bytes = 0): AnyGraph =>
  graph("figure", 1, { big: replaced("x".repeat(bytes)), done: replaced(0), kept: replaced("") })
    .node("work", {
      type: "tool",
      run: (state) => ({ summary: "done", patch: { done: state.done + 1, kept: PAYLOAD } }),
    })
    .node("end", { type: "tool", pure: true, run: () => ({ summary: "done" }) })
    .when("work", ["work", "end"], ({ done }) => (done < steps ? "work" : "end"))
    .build(() => "done");

const GRAPHS: Record<string, (size: number) => AnyGraph> = {
  steps: (size) => loop(size),
  state: (size) => loop(CARRIED, size),
  fanout: (size) =>
    graph("figure", 1, { ends: replaced(0) })
      .node(
        "each",
        map({
          over: () => Array.from({ length: size }, (_, index) => index),
          graph: graph("item", 1, { item: replaced(0), kept: replaced("") })
            .node("work", { type: "tool", run: () => ({ summary: "done", patch: { kept: PAYLOAD } }) })
            .build(() => "done"),
          start: (item) => ({ item }),
          limit: 32,
          join: (ends) => ({ summary: "all", patch: { ends: ends.length } }),
        }),
      )
      .build(() => "done"),
};

const [kind = "", size = ""] = process.argv.slice(2);
const toGraph = GRAPHS[kind];
if (toGraph === undefined) throw new Error(`"${kind}" is none of ${Object.keys(GRAPHS).join(", ")}`);
const harness = await createEngineHarness([toGraph(Number(size))], {
  limits: { maxSteps: 100_000, maxBranches: 10_000 },
});
await harness.startWorker();
const beganAt = performance.now();
const { runId } = await harness.start({ graph: "figure" });
const ended = async () => {
  const run = await harness.find(runId);
  return run?.finishedAt ? run : undefined;
};
const { status } = await until(`run ${runId} has ended`, ended, LIMIT_MS);
const seconds = (performance.now() - beganAt) / 1_000;
const peakMb = process.resourceUsage().maxRSS / 1_024;
const [row] = await harness.database.owner<{ events: number }[]>`
  select count(*)::int as events from journal where run_id = ${runId}`;
await harness.close();
if (status !== RUN_STATUS.SUCCEEDED.code) throw new Error(`the run of ${size} ${kind} ended as ${status}`);
console.log(JSON.stringify({ seconds, events: row?.events ?? 0, peakMb } satisfies Figure));
