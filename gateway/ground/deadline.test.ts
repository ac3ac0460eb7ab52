import { describe, expect, it, vi } from "vitest";
import { pause, settledWithin, unlessAborted, withDeadline } from "./deadline.ts";

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

describe("unlessAborted()", () => {
  it("gives what the work gives, and leaves nothing behind on a signal that lives on", async () => {
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7);
    await expect(unlessAborted(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
    const listeners = (calls: unknown[][]): unknown[] => calls.map(([, listener]) => listener);
    expect(listeners(removed.mock.calls)).toEqual(listeners(added.mock.calls));
  });

  it("waits for the work no longer than until the signal aborts", async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(controller.signal, new Promise(() => {}));
    controller.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await expect(unlessAborted(controller.signal, new Promise(() => {}))).rejects.toThrow("left");
  });
});

describe("pause()", () => {
  it("ends when its time is up, or when the signal aborts", async () => {
    const controller = new AbortController();
    await pause(1, controller.signal);
    const long = pause(3_600_000, controller.signal);
    controller.abort();
    await long;
    await pause(3_600_000, controller.signal);
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
