import { describe, expect, it } from "vitest";
import { CLASSES } from "./classes.ts";
import { createPlan, createRandom } from "./plan.ts";

const asked = { runs: 4_000, seed: 7, killEveryMs: 1_000 };

describe("createPlan()", () => {
  it("is the same for the same seed, and another one for another", () => {
    const [one, same, other] = [createPlan(asked), createPlan(asked), createPlan({ ...asked, seed: 8 })];
    expect(same.runs).toEqual(one.runs);
    expect([same.nextLifeMs(), same.nextLifeMs()]).toEqual([one.nextLifeMs(), one.nextLifeMs()]);
    expect(other.runs.map(({ fault }) => fault)).not.toEqual(one.runs.map(({ fault }) => fault));
  });

  it("deals runs out to the classes in turn, each with every fault and an order of its own", () => {
    const { runs } = createPlan(asked);
    expect(new Set(runs.map(({ order }) => order)).size).toBe(asked.runs);
    for (const effect of CLASSES) {
      const faults = runs.filter((run) => run.effect === effect).map(({ fault }) => fault);
      expect(faults).toHaveLength(asked.runs / CLASSES.length);
      expect([...new Set(faults)].sort()).toEqual(["die", "hang", "none", "throw"]);
    }
  });

  it("lets the product live between no time and twice the mean", () => {
    const { nextLifeMs } = createPlan(asked);
    const lives = Array.from({ length: 1_000 }, nextLifeMs);
    expect(Math.max(...lives)).toBeLessThanOrEqual(2_000);
    expect(Math.min(...lives)).toBeLessThan(20);
    expect(lives.reduce((sum, life) => sum + life, 0) / lives.length).toBeCloseTo(1_000, -2);
  });
});

describe("createRandom()", () => {
  it("gives numbers from 0 up to 1, evenly", () => {
    const random = createRandom(3);
    const numbers = Array.from({ length: 10_000 }, random);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth += 1)
      expect(numbers.filter((number) => Math.floor(number * 10) === tenth).length).toBeGreaterThan(850);
  });
});
