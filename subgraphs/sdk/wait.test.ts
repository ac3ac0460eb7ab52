import { describe, expect, it } from "vitest";
import { tryStep } from "./testing/step.ts";
import { wait, waitForSignal } from "./wait.ts";

const NOON = new Date("2026-01-01T12:00:00Z");
const EIGHT = new Date("2026-01-02T08:00:00Z");
const now = () => NOON;
const byTime = { now, woken: { by: "TIME" as const } };

describe("wait()", () => {
  it("parks until its time, and is done when it is woken", async () => {
    const node = wait(() => EIGHT);
    expect((await tryStep(node, { state: {}, context: { now } })).parked).toEqual({
      parkedUntil: EIGHT,
      summary: "waits until 2026-01-02T08:00:00.000Z",
    });
    const { parked, result } = await tryStep(node, { state: {}, context: byTime });
    expect([parked, result]).toEqual([undefined, { summary: "the time has come" }]);
  });

  it("does not wait for a time that has passed, and refuses what is none", async () => {
    const past = await tryStep(
      wait(() => NOON),
      { state: {}, context: { now } },
    );
    expect(past.parked).toBeUndefined();
    const never = wait(() => new Date(Number.NaN));
    await expect(tryStep(never, { state: {} })).rejects.toThrow("an invalid date");
  });
});

describe("waitForSignal()", () => {
  const heard = (signal: { payload: unknown }) => ({ summary: `paid ${signal.payload}` });

  it("parks for its signal, and for as long as it is told, and comes to what is made of it", async () => {
    const summary = "waits for the signal payment";
    const patient = await tryStep(waitForSignal("payment", { heard }), { state: {} });
    expect(patient.parked).toEqual({ parkedForSignal: "payment", summary });
    const node = waitForSignal("payment", { heard, until: () => EIGHT });
    expect((await tryStep(node, { state: {} })).parked).toEqual({
      parkedForSignal: "payment",
      parkedUntil: EIGHT,
      summary,
    });
    const woken = { by: "SIGNAL" as const, name: "payment", payload: 7, sentBy: "user:ada" };
    expect((await tryStep(node, { state: {}, context: { woken } })).result).toEqual({ summary: "paid 7" });
  });

  it("says that none came in time, unless its author makes more of it", async () => {
    const tell = async (node: ReturnType<typeof waitForSignal>) =>
      (await tryStep(node, { state: {}, context: byTime })).result.summary;
    expect(await tell(waitForSignal("payment", { heard, until: () => EIGHT }))).toBe("no signal payment came in time");
    expect(await tell(waitForSignal("payment", { heard, late: () => ({ summary: "reminded" }) }))).toBe("reminded");
  });
});
