import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runScenario } from "./run-scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { startWorld, type World } from "./world.ts";

const EVENTS = 2_000;
const LIMIT_MS = 120_000;

describe("a relay on Kafka and PostgreSQL", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ brokers: 1 });
  }, 400_000);
  afterAll(() => world.close(), LIMIT_MS);

  // Those that differ most of all that do not wait long; all of them: run.ts.
  it.each(["kill -9 before delete", "poison at the head of a key"])(
    "loses nothing, keeps the order of each key and repeats at most a round: %s",
    { timeout: LIMIT_MS },
    async (name) => {
      const scenario = SCENARIOS.find((each) => each.name === name);
      if (scenario === undefined) throw new Error(`there is no fault "${name}"`);
      const { events, faults } = await runScenario(world, scenario, EVENTS);
      expect(faults).toEqual([]);
      expect(events).toBeGreaterThanOrEqual(EVENTS);
    },
  );
});
