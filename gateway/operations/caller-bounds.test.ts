import { aPrincipal } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { RetryLater } from "../ground/retry-later.ts";
import { type CallerBounds, createCallerBounds } from "./caller-bounds.ts";

const LIMITS = { ...DEFAULT_LIMITS, allowance: 10, allowancePerSecond: 4, operationsPerCaller: 2 };
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

  it("takes nothing when it refuses", () => {
    const { bounds } = atTime();
    bounds.take(ada, 8);
    expect(refusal(() => bounds.take(ada, 3))).toBeDefined();
    expect(refusal(() => bounds.take(ada, 2))).toBeUndefined();
  });

  it("has room for as many operations as may be, and again when one has ended", () => {
    const { bounds } = atTime();
    const ends = [bounds.enter(ada), bounds.enter(ada)];
    expect(refusal(() => bounds.enter(ada))).toMatchObject({ retryAfterMs: 250 });
    expect(refusal(() => bounds.enter(eve))).toBeUndefined();
    for (const end of ends) end();
    expect(refusal(() => bounds.enter(ada))).toBeUndefined();
  });
});
