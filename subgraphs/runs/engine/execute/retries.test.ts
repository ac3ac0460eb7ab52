import { type ErrorCode, SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import { countTry, isFailure, nextAttemptMs, type Tries } from "./retries.ts";

const RETRY = { maxAttempts: 3, initialMs: 200, maxMs: 10_000, outageMs: 300_000, withinMs: 400_000 };
const NONE: Tries = { failures: 0, outages: 0, outageMs: 0, elapsedMs: 0 };
const after = (code: ErrorCode, tries: Partial<Tries>, retry: Parameters<typeof nextAttemptMs>[0] = RETRY) =>
  nextAttemptMs(retry, new SomaError(code, "x"), { ...NONE, ...tries });

describe("nextAttemptMs()", () => {
  it("counts the failures of a step's own, and what cannot be helped by another try ends it at once", () => {
    expect(after("MODEL_FAILED", { failures: 2 })).toBeTypeOf("number");
    expect(after("MODEL_FAILED", { failures: 3 })).toBeUndefined();
    expect(after("TIMEOUT", { failures: 3 })).toBeUndefined();
    expect(after("INTERNAL", { failures: 1 })).toBeUndefined();
  });

  it.each<ErrorCode>(["UNAVAILABLE", "DATABASE_BUSY", "UPSTREAM_UNAVAILABLE", "SERVER_DRAINING"])(
    "waits out %s by time, however many tries that takes, and goes on soon after it",
    (code) => {
      for (let outages = 1; outages < 500; outages += 1) {
        const delayMs = after(code, { outages, outageMs: 299_999 });
        expect(delayMs).toBeLessThanOrEqual(2_000);
      }
      expect(after(code, { outages: 1, outageMs: 300_000 })).toBeUndefined();
    },
  );

  it("counts what cannot be reached like any failure where the node says nothing of outages", () => {
    const { outageMs: _, ...impatient } = RETRY;
    expect(isFailure(impatient, "UNAVAILABLE")).toBe(true);
    expect(after("UNAVAILABLE", { failures: 3 }, impatient)).toBeUndefined();
  });

  it("begins no attempt when the time of the step is over, so that slow failures do not add up", () => {
    expect(after("TIMEOUT", { failures: 1, elapsedMs: 399_999 })).toBeTypeOf("number");
    expect(after("TIMEOUT", { failures: 1, elapsedMs: 400_000 })).toBeUndefined();
  });
});

describe("countTry()", () => {
  it("times an outage from its first failure, however long the step had worked before", () => {
    const first = countTry(RETRY, "UNAVAILABLE", NONE, 350_000);
    expect(first).toEqual({ failures: 0, outages: 1, outageMs: 0, elapsedMs: 350_000 });
    expect(after("UNAVAILABLE", first)).toBeTypeOf("number");
    const second = countTry(RETRY, "DATABASE_BUSY", first, 351_000);
    expect(second).toEqual({ failures: 0, outages: 2, outageMs: 1_000, elapsedMs: 351_000 });
    const failed = countTry(RETRY, "TIMEOUT", second, 352_000);
    expect(failed).toEqual({ failures: 1, outages: 0, outageMs: 0, elapsedMs: 352_000 });
    expect(countTry(RETRY, "UNAVAILABLE", failed, 353_000)).toMatchObject({ outages: 1, outageMs: 0 });
  });
});
