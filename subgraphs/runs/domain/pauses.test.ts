import { describe, expect, it } from "vitest";
import { aHistory } from "../testing/events.ts";
import { isPaused, pausedMs } from "./pauses.ts";

/** One second apart. */
const events = aHistory(
  ...(["RUN_STARTED", "RUN_RESUMED", "RUN_PAUSED", "RUN_PAUSED", "RUN_RESUMED", "RUN_PAUSED"] as const).map((kind) => ({
    kind,
  })),
);
const later = (ms: number): Date => new Date((events.at(-1)?.at.getTime() ?? 0) + ms);

describe("isPaused()", () => {
  it("is what the last of its pauses and resumptions says", () => {
    expect(isPaused([])).toBe(false);
    expect(isPaused(events.slice(0, 4))).toBe(true);
    expect(isPaused(events.slice(0, 5))).toBe(false);
    expect(isPaused(events)).toBe(true);
  });
});

describe("pausedMs()", () => {
  it("adds what lies between pause and resumption, and what the last pause has taken so far", () => {
    expect(pausedMs(events.slice(0, 2), later(0))).toBe(0);
    expect(pausedMs(events.slice(0, 5), later(60_000))).toBe(2_000);
    expect(pausedMs(events, later(500))).toBe(2_500);
    expect(pausedMs(events, later(-9_000))).toBe(2_000);
  });
});
