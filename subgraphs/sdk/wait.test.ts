import { describe, expect, it } from "vitest";
import { tryStep } from "./testing/step.ts";
import { wait } from "./wait.ts";

const NOON = new Date("2026-01-01T12:00:00Z");
const now = () => NOON;

describe("wait()", () => {
  it("parks until its time, and is done when it is woken", async () => {
    const eight = new Date("2026-01-02T08:00:00Z");
    const node = wait(() => eight);
    expect(await tryStep(node, { state: {}, context: { now } })).toMatchObject({
      parkedUntil: eight,
      result: { summary: "waits until 2026-01-02T08:00:00.000Z" },
    });
    expect(await tryStep(node, { state: {}, context: { now, woken: { by: "TIME" } } })).toMatchObject({
      parkedUntil: undefined,
      result: { summary: "the time has come" },
    });
  });

  it("does not wait for a time that has passed, and refuses what is none", async () => {
    expect(
      (
        await tryStep(
          wait(() => NOON),
          { state: {}, context: { now } },
        )
      ).parkedUntil,
    ).toBeUndefined();
    await expect(
      tryStep(
        wait(() => new Date(Number.NaN)),
        { state: {} },
      ),
    ).rejects.toThrow("an invalid date");
  });
});
