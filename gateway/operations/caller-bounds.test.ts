import { aPrincipal } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { RetryLater } from "../ground/retry-later.ts";
import { type CallerBounds, createCallerBounds } from "./caller-bounds.ts";

const LIMITS = {
  ...DEFAULT_LIMITS,
  allowance: 10,
  allowancePerSecond: 4,
  operationsPerCaller: 2,
  connectionsPerCaller: 2,
  subscriptionsPerCaller: 2,
};
const ada = aPrincipal({ subject: "user:ada" });
const eve = aPrincipal({ subject: "user:eve" });

function refusal(work: () => void): RetryLater | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as RetryLater;
  }
}

function atTime(): { bounds: CallerBounds; clock: { ms: number } } {
  const clock = { ms: 1_000 };
  return { bounds: createCallerBounds(LIMITS, () => clock.ms), clock };
}

describe("createCallerBounds()", () => {
  it("allows a burst, then says when there is room again, and is right", () => {
    const { bounds, clock } = atTime();
    bounds.take(ada, 10);
    const refused = refusal(() => bounds.take(ada, 3));
    expect(refused).toBeInstanceOf(RetryLater);
    expect(refused).toMatchObject({ code: "LIMIT_EXCEEDED", retryable: true, retryAfterMs: 750 });
    clock.ms += 500;
    expect(refusal(() => bounds.take(ada, 3))?.retryAfterMs).toBe(250);
    clock.ms += 250;
    expect(refusal(() => bounds.take(ada, 3))).toBeUndefined();
  });

  it("fills an allowance up to its size and not further", () => {
    const { bounds, clock } = atTime();
    bounds.take(ada, 10);
    clock.ms += 3_600_000;
    bounds.take(ada, 10);
    expect(refusal(() => bounds.take(ada, 1))).toBeDefined();
  });

  it("counts each caller alone, by tenant and subject", () => {
    const { bounds } = atTime();
    bounds.take(ada, 10);
    expect(refusal(() => bounds.take(eve, 10))).toBeUndefined();
    expect(refusal(() => bounds.take({ ...ada, tenant: "other" }, 10))).toBeUndefined();
  });

  it("gives nothing more until what is owed is made up, and says when", () => {
    const { bounds, clock } = atTime();
    bounds.owe(ada, 14);
    expect(refusal(() => bounds.take(ada, 1))?.retryAfterMs).toBe(1_250);
    expect(refusal(() => bounds.take(eve, 10))).toBeUndefined();
    clock.ms += 1_250;
    expect(refusal(() => bounds.take(ada, 1))).toBeUndefined();
  });

  it("takes nothing when it refuses", () => {
    const { bounds } = atTime();
    bounds.take(ada, 8);
    expect(refusal(() => bounds.take(ada, 3))).toBeDefined();
    expect(refusal(() => bounds.take(ada, 2))).toBeUndefined();
  });

  it.each(["operations", "connections", "subscriptions"] as const)(
    "has room for as many %s as may be, and again when one has ended, which counts once",
    (counted) => {
      const { bounds } = atTime();
      const [end, other] = [bounds.enter(ada, counted), bounds.enter(ada, counted)];
      expect(refusal(() => bounds.enter(ada, counted))).toMatchObject({ retryAfterMs: 250 });
      expect(refusal(() => bounds.enter(eve, counted))).toBeUndefined();
      end();
      end();
      other();
      expect(refusal(() => bounds.enter(ada, counted))).toBeUndefined();
      expect(refusal(() => bounds.enter(ada, counted))).toBeUndefined();
      expect(refusal(() => bounds.enter(ada, counted))).toBeDefined();
    },
  );

  it("counts operations, connections and subscriptions apart", () => {
    const { bounds } = atTime();
    for (const counted of ["operations", "connections", "subscriptions"] as const) {
      bounds.enter(ada, counted);
      bounds.enter(ada, counted);
    }
    expect(refusal(() => bounds.enter(ada, "connections"))?.message).toContain("2 connections of user:ada");
  });
});
