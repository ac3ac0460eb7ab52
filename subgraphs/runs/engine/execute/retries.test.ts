import { countTry, NO_TRIES, type Tries } from "@soma/sdk/retries";
import { type ErrorCode, SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import { ModelError } from "../../models/model-error.ts";
import { nextAttemptMs } from "./retries.ts";

const RETRY = { maxAttempts: 3, initialMs: 200, maxMs: 90_000, withinMs: 400_000 };
const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);
const HOUR_MS = 3_600_000;

const after = (
  code: ErrorCode,
  tries: Partial<Tries>,
  retry: Parameters<typeof nextAttemptMs>[0] = RETRY,
  now = at(0),
) => nextAttemptMs(retry, new SomaError(code, "x"), { ...NO_TRIES, ...tries }, now);

describe("nextAttemptMs()", () => {
  it("counts the failures of a step's own, and what cannot be helped by another try ends it at once", () => {
    expect(after("MODEL_FAILED", { failures: 2 })).toBeTypeOf("number");
    expect(after("MODEL_FAILED", { failures: 3 })).toBeUndefined();
    expect(after("TIMEOUT", { failures: 3 })).toBeUndefined();
    expect(after("INTERNAL", { failures: 1 })).toBeUndefined();
  });

  it.each<ErrorCode>(["UNAVAILABLE", "DATABASE_BUSY", "UPSTREAM_UNAVAILABLE", "SERVER_DRAINING"])(
    "waits out %s however long it takes, soon after a short one and within a tenth of a long one",
    (code) => {
      for (const [awayMs, longestMs] of [
        [0, 2_000],
        [20_000, 2_000],
        [300_000, 30_000],
        [HOUR_MS, 60_000],
        [100 * HOUR_MS, 60_000],
      ] as const)
        for (let outages = 1; outages < 100; outages += 1)
          expect(after(code, { outages, awaySince: at(0) }, RETRY, at(awayMs))).toBeLessThanOrEqual(longestMs);
    },
  );

  it("waits for what is away as long as its policy says, and no longer than that between two tries", () => {
    const patient = { ...RETRY, maxMs: 5, outageMs: 300_000 };
    expect(after("UNAVAILABLE", { outages: 9, awaySince: at(0) }, patient, at(299_999))).toBeLessThanOrEqual(5);
    expect(after("UNAVAILABLE", { outages: 1, awaySince: at(0) }, patient, at(300_000))).toBeUndefined();
  });

  it("counts what cannot be reached like any failure where the node waits for no outage", () => {
    expect(after("UNAVAILABLE", { failures: 3 }, { ...RETRY, outageMs: 0 })).toBeUndefined();
  });

  it("begins no attempt when failed ones have taken their time, so that slow failures do not add up", () => {
    expect(after("TIMEOUT", { failures: 1, failedMs: 399_999 })).toBeTypeOf("number");
    expect(after("TIMEOUT", { failures: 1, failedMs: 400_000 })).toBeUndefined();
  });

  it("comes back no earlier than a provider asked for", () => {
    const busy = (code: ErrorCode) => new ModelError(code, "later", { retryAfterMs: 120_000 });
    expect(nextAttemptMs(RETRY, busy("MODEL_FAILED"), { ...NO_TRIES, failures: 1 }, at(0))).toBe(120_000);
    expect(nextAttemptMs(RETRY, busy("UPSTREAM_UNAVAILABLE"), { ...NO_TRIES, outages: 1 }, at(0))).toBe(120_000);
  });
});

describe("countTry()", () => {
  const took = (beganMs: number, endedMs: number) => ({ beganAt: at(beganMs), endedAt: at(endedMs) });

  it("times an outage from its first failure, however long the step had worked before, until one of another kind", () => {
    const first = countTry(RETRY, "UNAVAILABLE", NO_TRIES, took(0, 350_000));
    expect(first).toEqual({ failures: 0, failedMs: 0, outages: 1, awaySince: at(350_000) });
    const second = countTry(RETRY, "DATABASE_BUSY", first, took(350_500, 351_000));
    expect(second).toEqual({ failures: 0, failedMs: 0, outages: 2, awaySince: at(350_000) });
    const failed = countTry(RETRY, "TIMEOUT", second, took(351_000, 352_000));
    expect(failed).toEqual({ failures: 1, failedMs: 1_000, outages: 0, awaySince: undefined });
    expect(countTry(RETRY, "UNAVAILABLE", failed, took(352_000, 353_000))).toMatchObject({
      outages: 1,
      awaySince: at(353_000),
    });
  });

  it("takes no time off for a clock that went back", () => {
    expect(countTry(RETRY, "TIMEOUT", NO_TRIES, took(5_000, 1_000))).toMatchObject({ failures: 1, failedMs: 0 });
  });
});
