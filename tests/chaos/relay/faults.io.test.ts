import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killAt } from "./broken-relays.ts";
import { runScenario } from "./run-scenario.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { startWorld, type World } from "./world.ts";

const EVENTS = 2_000;
const LIMIT_MS = 120_000;

const scenarioOf = (name: string): Scenario => {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`there is no fault "${name}"`);
  return scenario;
};

/** Two that have nothing in common; all of them, each with more events: run.ts. Each kill waits for a lease to run out. */
const TRIED: readonly Scenario[] = [
  { ...scenarioOf("kill -9 before delete"), run: killAt("before delete", "once") },
  scenarioOf("poison at the head of a key"),
];

describe("a relay on Kafka and PostgreSQL", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ brokers: 1 });
  }, 400_000);
  afterAll(() => world.close(), LIMIT_MS);

  it.each(TRIED)(
    "loses nothing, keeps the order of each key and repeats at most a round: $name",
    { timeout: LIMIT_MS },
    async (scenario) => {
      const { events, faults } = await runScenario(world, scenario, EVENTS);
      expect(faults).toEqual([]);
      expect(events).toBeGreaterThanOrEqual(EVENTS);
    },
  );
});
