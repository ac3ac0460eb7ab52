import { describe, expect, it } from "vitest";
import type { AgentBenchmarkEvent } from "./generated/events.ts";
import { validateForPublish } from "./validate.ts";

const TYPE = "agent.benchmarks.v1";
const example: AgentBenchmarkEvent = {
  event_type: TYPE,
  benchmark_id: "01990000-0000-7000-8000-000000000001",
  run_id: "01990000-0000-7000-8000-000000000002",
  run_version: "0.1.0",
  suite: "durable-steps",
  dataset: "runs of 10 steps that keep 200 bytes",
  task_id: "ours",
  metrics: { stepsPerSecondAt1: 719.5, statementsAt32: 0.09 },
  status: "completed",
  timestamp: "2026-11-26T14:00:00.000Z",
  params: { rounds: 3, sizes: [1, 32, 256] },
  duration_ms: 240_000,
  tags: ["shared machine"],
  meta: { cores: 2 },
};
const required = [
  "event_type",
  "benchmark_id",
  "run_id",
  "run_version",
  "suite",
  "dataset",
  "task_id",
  "metrics",
  "status",
  "timestamp",
] as const;
const faultsOf = (changed: object): string[] => validateForPublish(TYPE, { ...example, ...changed });

describe("agent.benchmarks.v1", () => {
  it("takes an event with everything, and one with what is required", () => {
    expect(faultsOf({})).toEqual([]);
    const least = Object.fromEntries(required.map((name) => [name, example[name]]));
    expect(validateForPublish(TYPE, least)).toEqual([]);
    expect(faultsOf({ duration_ms: null })).toEqual([]);
  });

  it.each(required)("refuses one without %s, by its name", (name) => {
    const { [name]: _, ...rest } = example;
    const faults = validateForPublish(TYPE, rest);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(name);
  });

  it.each([
    ["a field that it does not know", { score: 1 }],
    ["another type", { event_type: "agent.benchmarks.v2" }],
    ["a metric that is no number", { metrics: { speed: "fast" } }],
    ["metrics within metrics", { metrics: { at: { one: 1 } } }],
    ["a status that it does not know", { status: "succeeded" }],
    ["a duration before zero", { duration_ms: -1 }],
    ["a time that is none", { timestamp: "today" }],
  ])("refuses %s", (_, changed) => {
    expect(faultsOf(changed)).toHaveLength(1);
  });
});
