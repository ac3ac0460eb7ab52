import { type Contender, PAYLOAD, runMany, STEPS } from "../engine/contender.ts";
import { createMeter, type Meter } from "../engine/meter.ts";
import { startOurs } from "../engine/ours.ts";
import { startMeasuredServer } from "../engine/server.ts";
import { measureBare, measureIdle, measurePath } from "../relay/measure.ts";
import { startStage } from "../relay/stage.ts";

/** What one task of a suite measured; the unit of each number stands in its name. */
export interface Task {
  id: string;
  metrics: Record<string, number>;
}

export interface Suite {
  /** The work that is done. */
  dataset: string;
  /** How much of it: for the engine runs at a time, for the relay events. */
  measure(size: number): Promise<Task[]>;
  /** When nobody says otherwise. */
  size: number;
}

export const SUITES: Readonly<Record<string, Suite>> = {
  engine: { dataset: `runs of ${STEPS} steps that keep ${PAYLOAD.length} bytes`, measure: measureEngine, size: 32 },
  relay: { dataset: "events from their commit to a consumer, on one broker", measure: measureRelay, size: 20_000 },
};

/** Steps of the real engine, each durable before the next, on a server of its own. */
async function measureEngine(atOnce: number): Promise<Task[]> {
  const server = await startMeasuredServer();
  process.env.SOMA_TEST_DATABASE_URL = server.url;
  const meter = createMeter(server.url, "postgres");
  try {
    const tasks: Task[] = [];
    for (const kind of ["effect", "pure"] as const) {
      const contender = await startOurs(kind);
      tasks.push({ id: `${kind} steps`, metrics: await measureSteps(meter, contender, atOnce) });
      await contender.close();
    }
    return tasks;
  } finally {
    await meter.close();
    await server.stop();
  }
}

async function measureSteps(meter: Meter, contender: Contender, atOnce: number): Promise<Record<string, number>> {
  const runs = Math.max(40, atOnce * 8);
  // What was never run is compiled first.
  await runMany(contender, { runs: Math.max(20, atOnce * 2), atOnce });
  const { seconds, statements, walBytes, nodeUs } = await meter.measure(() => runMany(contender, { runs, atOnce }));
  const steps = runs * STEPS;
  return {
    runsAtOnce: atOnce,
    stepsPerSecond: steps / seconds,
    statementsPerStep: statements / steps,
    walBytesPerStep: walBytes / steps,
    cpuMicrosecondsPerStep: nodeUs / steps,
  };
}

const IDLE_TIMES = 10;

/** The relay of the product on a broker and a database of its own, beside what the client of Kafka alone sends in the same run. */
async function measureRelay(events: number): Promise<Task[]> {
  const stage = await startStage();
  try {
    const idle = await measureIdle(stage, IDLE_TIMES, "here");
    // The first one warms the broker.
    await measureBare(stage, events);
    const bare = await measureBare(stage, events);
    const { eventsPerS, statements, disordered } = await measurePath(stage, { events, relays: 1 });
    return [
      { id: "idle", metrics: { p50Ms: idle[Math.floor((idle.length - 1) / 2)] ?? 0, maxMs: idle.at(-1) ?? 0 } },
      { id: "client alone", metrics: { events, eventsPerSecond: bare } },
      {
        id: "whole path",
        metrics: {
          events,
          eventsPerSecond: eventsPerS,
          ofClientAlone: eventsPerS / bare,
          statementsPerEvent: statements,
          outOfOrder: disordered,
        },
      },
    ];
  } finally {
    await stage.close();
  }
}
