import { RetryLater } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { expect, it } from "vitest";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import type { CallerBounds } from "./caller-bounds.ts";

export const COUNTED = ["operations", "connections", "subscriptions"] as const;

/** Few of everything; an allowance that takes hours to fill up. */
export const FEW: GatewayLimits = {
  ...DEFAULT_LIMITS,
  allowance: 10,
  allowancePerSecond: 0.001,
  operationsPerCaller: 2,
  connectionsPerCaller: 2,
  subscriptionsPerCaller: 2,
};

/** The refusal of a verb; undefined when it was let in. */
export function refusal(work: Promise<unknown>): Promise<RetryLater | undefined> {
  return work.then(
    () => undefined,
    (error: RetryLater) => error,
  );
}

/** Ada and Eve of a tenant that nobody used before. */
export function callers() {
  const tenant = newId();
  return { ada: aPrincipal({ tenant, subject: "user:ada" }), eve: aPrincipal({ tenant, subject: "user:eve" }) };
}

/** What all bounds do; call it inside describe(). They are of the limits given, and closed by who made them. */
export function callerBoundsContract(make: (limits: GatewayLimits) => Promise<CallerBounds>): void {
  it("allows a burst, then refuses, and says when there is room again", async () => {
    const [bounds, { ada }] = [await make({ ...FEW, allowancePerSecond: 0.5 }), callers()];
    await bounds.take(ada, 10);
    const refused = await refusal(bounds.take(ada, 3));
    expect(refused).toBeInstanceOf(RetryLater);
    expect(refused).toMatchObject({ code: "LIMIT_EXCEEDED", retryable: true });
    expect(refused?.message).toBe(
      `user:ada asks faster than 0.5 a second: this takes 3 of 10, and less is left; try again in ${refused?.retryAfterMs} ms`,
    );
    expect(refused?.retryAfterMs).toBeGreaterThan(0);
    expect(refused?.retryAfterMs).toBeLessThanOrEqual(6_000);
  });

  it("fills an allowance up again, and not above its size", async () => {
    const [bounds, { ada }] = [await make({ ...FEW, allowancePerSecond: 50 }), callers()];
    await bounds.take(ada, 10);
    await until("it is full again", async () => (await refusal(bounds.take(ada, 10))) === undefined);
    expect(await refusal(bounds.take(ada, 11))).toBeInstanceOf(RetryLater);
  });

  it("takes nothing when it refuses, and nothing when nothing is asked", async () => {
    const [bounds, { ada }] = [await make(FEW), callers()];
    await bounds.take(ada, 8);
    expect(await refusal(bounds.take(ada, 3))).toBeDefined();
    expect(await refusal(bounds.take(ada, 2))).toBeUndefined();
    expect(await refusal(bounds.take(ada, 0))).toBeUndefined();
    expect(await refusal(bounds.take(ada, 1))).toBeDefined();
  });

  it("gives nothing more until what is owed is made up", async () => {
    const [bounds, { ada, eve }] = [await make(FEW), callers()];
    bounds.owe(ada, 14);
    expect(await refusal(bounds.take(ada, 1))).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(await refusal(bounds.take(eve, 10))).toBeUndefined();
  });

  it("counts each caller alone, by tenant and subject", async () => {
    const [bounds, { ada, eve }] = [await make(FEW), callers()];
    await bounds.take(ada, 10);
    expect(await refusal(bounds.take(eve, 10))).toBeUndefined();
    expect(await refusal(bounds.take({ ...ada, tenant: newId() }, 10))).toBeUndefined();
  });

  it.each(COUNTED)(
    "has room for as many %s as may be, and again when one has ended, which counts once",
    async (counted) => {
      const [bounds, { ada, eve }] = [await make(FEW), callers()];
      const [end, other] = [await bounds.enter(ada, counted), await bounds.enter(ada, counted)];
      const refused = await refusal(bounds.enter(ada, counted));
      expect(refused).toMatchObject({ code: "LIMIT_EXCEEDED", retryAfterMs: 250 });
      expect(refused?.message).toBe(
        `2 ${counted} of user:ada are under way, the most there may be; try again in a moment`,
      );
      expect(await refusal(bounds.enter(eve, counted))).toBeUndefined();
      end();
      end();
      other();
      expect(await refusal(bounds.enter(ada, counted))).toBeUndefined();
      expect(await refusal(bounds.enter(ada, counted))).toBeUndefined();
      expect(await refusal(bounds.enter(ada, counted))).toBeDefined();
    },
  );

  it("counts operations, connections and subscriptions apart", async () => {
    const [bounds, { ada }] = [await make(FEW), callers()];
    for (const counted of COUNTED) {
      await bounds.enter(ada, counted);
      expect(await refusal(bounds.enter(ada, counted))).toBeUndefined();
    }
  });

  it("lets no more in of many that come at once", async () => {
    const [bounds, { ada }] = [await make(FEW), callers()];
    const taken = await Promise.all(Array.from({ length: 30 }, () => refusal(bounds.take(ada, 1))));
    const entered = await Promise.all(Array.from({ length: 30 }, () => refusal(bounds.enter(ada, "operations"))));
    expect([taken, entered].map((all) => all.filter((refused) => refused === undefined).length)).toEqual([10, 2]);
  });

  it("keeps callers apart whose names hold what names are made of", async () => {
    const bounds = await make(FEW);
    const tenant = newId();
    const subjects = [
      "user:ada",
      "user:ada}",
      "{user:ada}",
      "user:ada}:operations",
      'user:ada","user:eve',
      "user:\u{1f9e0}",
      "user:\u{1f9e0}\u{0}",
      "user:\ud83e",
      "user:\udde0",
      "user:\ufffd",
      "user:a\u0308da",
      "user:\u00e4da",
      "user:ada\r\nFLUSHALL\r\n",
      "*",
      `user:${"\u{1f9e0}".repeat(2_560)}`,
      `user:${"\u{1f9e0}".repeat(2_560)}a`,
    ];
    for (const subject of subjects) {
      const caller = aPrincipal({ tenant, subject });
      expect(await refusal(bounds.take(caller, 10))).toBeUndefined();
      expect(await refusal(bounds.take(caller, 1))).toBeDefined();
      await bounds.enter(caller, "operations");
      expect(await refusal(bounds.enter(caller, "operations"))).toBeUndefined();
    }
  });
}
