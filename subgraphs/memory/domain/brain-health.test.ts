import { describe, expect, it } from "vitest";
import { type BrainState, isProof, judge, LIMITS, nextHealth, type Probe } from "./brain-health.ts";

const WELL: Probe = { memoryOk: true, circuitOpen: false, latencyMs: 30 };
const LONG_AGO = 3_600_000;

describe("judge()", () => {
  it.each<[string, Probe, number, BrainState]>([
    ["all is well", WELL, LONG_AGO, "NORMAL"],
    ["the store does not answer", { ...WELL, memoryOk: false }, LONG_AGO, "DEGRADED"],
    ["its breaker is open", { ...WELL, circuitOpen: true }, LONG_AGO, "DEGRADED"],
    ["it is as slow as may be", { ...WELL, latencyMs: 1_000 }, LONG_AGO, "NORMAL"],
    ["it is slower", { ...WELL, latencyMs: 1_001 }, LONG_AGO, "DEGRADED"],
    ["a breaker was open a moment ago", WELL, 59_999, "DEGRADED"],
    ["a breaker was open a minute ago", WELL, 60_000, "NORMAL"],
    ["nobody answered", { fault: "did not answer in time" }, LONG_AGO, "DOWN"],
  ])("when %s", (_when, probe, breakerAgoMs, state) => {
    expect(judge(probe, breakerAgoMs)).toBe(state);
  });
});

describe("isProof()", () => {
  it("is what says that the store answers and no breaker is open, however slow", () => {
    expect(isProof({ ...WELL, latencyMs: 5_000 })).toBe(true);
    expect(isProof({ ...WELL, memoryOk: false })).toBe(false);
    expect(isProof({ ...WELL, circuitOpen: true })).toBe(false);
    expect(isProof({ fault: "away" })).toBe(false);
  });
});

describe("nextHealth()", () => {
  const after = (...seen: BrainState[]): BrainState[] => {
    let health: ReturnType<typeof nextHealth> | undefined;
    return seen.map((each) => {
      health = nextHealth(health, each);
      return health.state;
    });
  };

  it("is what the first probe says", () => {
    expect(after("NORMAL")).toEqual(["NORMAL"]);
    expect(after("DOWN")).toEqual(["DOWN"]);
  });

  it("gets worse at once, and better by one step after three probes in a row", () => {
    expect(after("NORMAL", "DOWN", "NORMAL", "NORMAL", "NORMAL", "NORMAL", "NORMAL", "NORMAL")).toEqual([
      ...["NORMAL", "DOWN", "DOWN", "DOWN"],
      ...["DEGRADED", "DEGRADED", "DEGRADED", "NORMAL"],
    ]);
  });

  it("begins to count anew after a probe that is no better", () => {
    expect(after("DEGRADED", "NORMAL", "NORMAL", "DEGRADED", "NORMAL", "NORMAL")).not.toContain("NORMAL");
    expect(after("DOWN", "DEGRADED", "DEGRADED", "DEGRADED", "DOWN")).toEqual([
      ...["DOWN", "DOWN", "DOWN", "DEGRADED", "DOWN"],
    ]);
  });
});

describe("LIMITS", () => {
  it("let a degraded one have one small write at a time, and one that is down none", () => {
    expect(LIMITS.DEGRADED).toEqual({ concurrency: 1, batch: 25 });
    expect(LIMITS.DOWN).toEqual({ concurrency: 0, batch: 0 });
  });
});
