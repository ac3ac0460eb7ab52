import { describe, expect, it, vi } from "vitest";
import { settledWithin, withDeadline } from "./deadline.ts";

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("withDeadline()", () => {
  it("aborts the work with a TimeoutError when the time is up", async () => {
    await expect(withDeadline(undefined, 5, untilAborted)).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("aborts the work for the caller's reason, also one given before", async () => {
    const controller = new AbortController();
    const work = withDeadline(controller.signal, 1_000, untilAborted);
    controller.abort(new Error("left"));
    await expect(work).rejects.toThrow("left");
    await expect(withDeadline(controller.signal, 1_000, untilAborted)).rejects.toThrow("left");
  });

  it("leaves nothing behind on a signal that lives on", async () => {
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    for (let count = 0; count < 10; count += 1) await withDeadline(signal, 1_000, async () => count);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    expect(added).toHaveBeenCalledTimes(10);
  });
});

describe("settledWithin()", () => {
  it("waits for all, whatever becomes of them, and no longer than its limit", async () => {
    let settled = 0;
    const each = (work: Promise<unknown>): Promise<unknown> => work.finally(() => (settled += 1));
    await settledWithin([each(Promise.resolve()), each(Promise.reject(new Error("no")))], 1_000);
    expect(settled).toBe(2);
    await settledWithin([new Promise(() => {})], 5);
  });
});
