import type { AgentBenchmarkEvent } from "@soma/schemas/events";
import { newId } from "@soma/shared/ids";
import { PAYLOAD, STEPS } from "./contender.ts";
import { type Results, ratioToBestPeer } from "./peer-tables.ts";

/** How the program was run: what somebody else needs to run it again. */
export interface BenchmarkRun {
  startedAt: Date;
  endedAt: Date;
  version: string;
  params: Record<string, unknown>;
}

/** An event of agent.benchmarks.v1 for each contender, its numbers under the number of runs at once. */
export function toBenchmarkEvents(results: Results, run: BenchmarkRun): AgentBenchmarkEvent[] {
  const benchmarkId = newId();
  const { startedAt, endedAt } = run;
  return [...results].map(([name, measured]) => ({
    event_type: "agent.benchmarks.v1",
    benchmark_id: benchmarkId,
    run_id: newId(),
    run_version: run.version,
    suite: "durable-steps",
    dataset: `runs of ${STEPS} steps that keep ${PAYLOAD.length} bytes`,
    task_id: name,
    metrics: Object.fromEntries(
      measured.flatMap(({ atOnce, ...numbers }) => {
        const ratio = name === "ours" ? ratioToBestPeer(results, atOnce) : undefined;
        return Object.entries({ ...numbers, ratioToBestPeer: ratio })
          .filter((entry): entry is [string, number] => typeof entry[1] === "number")
          .map(([metric, value]) => [`${metric}At${atOnce}`, value]);
      }),
    ),
    status: "completed",
    timestamp: endedAt.toISOString(),
    params: run.params,
    duration_ms: endedAt.getTime() - startedAt.getTime(),
  }));
}
