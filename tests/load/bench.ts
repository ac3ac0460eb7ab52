/**
 * A suite of the benchmark, as events of agent.benchmarks.v1: asked by `soma bench`, for which it prints one JSON object,
 * `{report}` or `{error}`. With --publish they are sent to the topic of a tenant as well, by the settings of Kafka.
 *
 *   node_modules/.bin/node tests/load/bench.ts --suite engine|relay [--size N] [--publish] [--tenant local]
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { AgentBenchmarkEvent } from "@soma/schemas/events";
import { validateForPublish } from "@soma/schemas/validate";
import { topicOf, toRecord } from "@soma/shared/bus/event-record";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { SUITES, type Task } from "./bench/suites.ts";

const TYPE = "agent.benchmarks.v1";

const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "" },
    size: { type: "string" },
    publish: { type: "boolean", default: false },
    tenant: { type: "string", default: "local" },
  },
});

try {
  print({ report: await run() });
} catch (error) {
  print({ error: error instanceof Error ? error.message : String(error) });
}
process.exit(0);

async function run(): Promise<{ events: AgentBenchmarkEvent[]; topic: string | null }> {
  const suite = SUITES[values.suite];
  if (suite === undefined)
    throw new Error(`"${values.suite}" is no suite; there are ${Object.keys(SUITES).join(", ")}`);
  // Before minutes are spent on it.
  const settings = values.publish ? readKafkaSettings(process.env) : undefined;
  const size = Number(values.size ?? suite.size);
  const startedAt = new Date();
  const tasks = await suite.measure(size);
  const events = await toEvents(tasks, { startedAt, dataset: suite.dataset, size });
  if (settings === undefined) return { events, topic: null };
  const bus = createKafkaBus({
    kafka: connectKafka(settings, createSilentLog()),
    pooledTenants: settings.pooledTenants,
    log: createSilentLog(),
    onCrash(error) {
      throw error;
    },
  });
  const { tenant } = values;
  const results = await bus.publish(
    events.map((data) =>
      toRecord({ type: TYPE, tenant, key: data.benchmark_id, data, eventId: newId(), at: new Date(data.timestamp) }),
    ),
  );
  await bus.close();
  const failed = results.find((result) => !result.ok);
  if (failed?.ok === false) throw new Error(`what was measured could not be published: ${failed.reason}`);
  return { events, topic: topicOf(tenant, TYPE) };
}

interface About {
  startedAt: Date;
  dataset: string;
  size: number;
}

async function toEvents(tasks: readonly Task[], { startedAt, dataset, size }: About): Promise<AgentBenchmarkEvent[]> {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  const [benchmarkId, endedAt] = [newId(), new Date()];
  const events = tasks.map(
    ({ id, metrics }): AgentBenchmarkEvent => ({
      event_type: TYPE,
      benchmark_id: benchmarkId,
      run_id: newId(),
      run_version: version,
      suite: values.suite,
      dataset,
      task_id: id,
      metrics,
      status: "completed",
      timestamp: endedAt.toISOString(),
      params: { size },
      duration_ms: endedAt.getTime() - startedAt.getTime(),
    }),
  );
  const faults = events.flatMap((event) => validateForPublish(TYPE, event));
  if (faults.length > 0) throw new Error(`the results are no events of ${TYPE}: ${faults.join("; ")}`);
  return events;
}

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
