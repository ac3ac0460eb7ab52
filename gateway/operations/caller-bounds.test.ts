import { aPrincipal } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import { callerBoundsContract, FEW, refusal } from "./caller-bounds.contract.ts";
import { type CallerBounds, createCallerBounds } from "./caller-bounds.ts";

const LIMITS = { ...FEW, allowancePerSecond: 4 };
const ada = aPrincipal({ subject: "user:ada" });
const eve = aPrincipal({ subject: "user:eve" });

function atTime(): { bounds: CallerBounds; clock: { ms: number } } {
  const clock = { ms: 1_000 };
  return { bounds: createCallerBounds(LIMITS, () => clock.ms), clock };
}

describe("createCallerBounds()", () => {
  callerBoundsContract(async (limits) => createCallerBounds(limits));

  it("is right about when there is room again", async () => {
    const { bounds, clock } = atTime();
    await bounds.take(ada, 10);
    expect(await refusal(bounds.take(ada, 3))).toMatchObject({ retryAfterMs: 750 });
    clock.ms += 500;
    expect((await refusal(bounds.take(ada, 3)))?.retryAfterMs).toBe(250);
    clock.ms += 250;
    expect(await refusal(bounds.take(ada, 3))).toBeUndefined();
  });

  it("fills an allowance up to its size and not further", async () => {
    const { bounds, clock } = atTime();
    await bounds.take(ada, 10);
    clock.ms += 3_600_000;
    await bounds.take(ada, 10);
    expect(await refusal(bounds.take(ada, 1))).toBeDefined();
  });

  it("says when what is owed is made up", async () => {
    const { bounds, clock } = atTime();
    bounds.owe(ada, 14);
    expect((await refusal(bounds.take(ada, 1)))?.retryAfterMs).toBe(1_250);
    expect(await refusal(bounds.take(eve, 10))).toBeUndefined();
    clock.ms += 1_250;
    expect(await refusal(bounds.take(ada, 1))).toBeUndefined();
  });
});
