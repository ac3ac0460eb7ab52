import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDeadlines, type TimeoutsMs } from "./deadlines.ts";

const LIMITS = { connect: 10, firstToken: 100, silence: 400, total: 1_000 };

describe("startDeadlines()", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const start = (limits: TimeoutsMs = LIMITS, caller = new AbortController().signal) =>
    startDeadlines("m", limits, caller);

  test("gives up a connection that does not come, but only once one is made", () => {
    const deadlines = start();
    vi.advanceTimersByTime(50);
    expect(deadlines.failure()).toBeUndefined();
    deadlines.connecting();
    vi.advanceTimersByTime(9);
    expect(deadlines.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadlines.failure()).toMatchObject({ code: "TIMEOUT", message: "m could not be connected to within 10 ms" });
    expect(deadlines.signal.reason).toBe(deadlines.failure());
    deadlines.close();
  });

  test("waits for the first token, then for the end", () => {
    const silent = start();
    silent.connecting();
    silent.connected();
    vi.advanceTimersByTime(100);
    expect(silent.failure()).toMatchObject({ code: "TIMEOUT", message: "m gave no first token within 100 ms" });
    silent.close();
    const slow = start();
    for (let ms = 0; ms < 999; ms += 333) {
      slow.token();
      vi.advanceTimersByTime(333);
    }
    expect(slow.failure()).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(slow.failure()).toMatchObject({ code: "TIMEOUT", message: "m did not finish its answer within 1000 ms" });
    slow.close();
  });

  test("gives up an answer that stops in its middle", () => {
    const stalled = start();
    stalled.token();
    vi.advanceTimersByTime(300);
    stalled.token();
    vi.advanceTimersByTime(399);
    expect(stalled.failure()).toBeUndefined();
    vi.advanceTimersByTime(1);
    const message = "m gave nothing more of its answer within 400 ms";
    expect(stalled.failure()).toMatchObject({ code: "TIMEOUT", message });
    stalled.close();
  });

  const limits = { connect: 10, firstToken: 100, silence: 4_000, total: 60_000 };

  test("lets go of a whole answer that is never ended", () => {
    const open = start(limits);
    open.token();
    open.finished();
    open.finished();
    vi.advanceTimersByTime(3_000);
    expect([open.hungUp(), open.signal.aborted, open.failure()]).toEqual([true, true, undefined]);
    open.close();
  });

  test("does not take an answer for whole whose end was told before more of it came", () => {
    const early = start(limits);
    for (let count = 0; count < 3; count += 1) {
      early.token();
      early.finished();
      vi.advanceTimersByTime(2_900);
    }
    vi.advanceTimersByTime(1_099);
    expect([early.hungUp(), early.signal.aborted]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    const message = "m gave nothing more of its answer within 4000 ms";
    expect([early.hungUp(), early.failure()]).toMatchObject([false, { code: "TIMEOUT", message }]);
    early.close();
  });

  test("keeps the first reason", () => {
    const controller = new AbortController();
    const deadlines = start(LIMITS, controller.signal);
    controller.abort(new Error("enough"));
    vi.advanceTimersByTime(5_000);
    expect(deadlines.failure()).toMatchObject({ code: "CANCELED", cause: { message: "enough" } });
    deadlines.close();
  });

  test("knows a caller that has aborted already", () => {
    const deadlines = start(LIMITS, AbortSignal.abort());
    expect(deadlines.failure()).toMatchObject({ code: "CANCELED" });
    deadlines.close();
  });

  test("takes a limit longer than a timer can hold for a long one, not for none", () => {
    const deadlines = start({ connect: 1, firstToken: 1e12, total: 1e12 });
    vi.advanceTimersByTime(1_000_000);
    expect(deadlines.failure()).toBeUndefined();
    deadlines.close();
  });

  test("leaves no timer and no listener behind", () => {
    const controller = new AbortController();
    const deadlines = start(LIMITS, controller.signal);
    deadlines.connecting();
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
    controller.abort();
    expect(deadlines.failure()).toBeUndefined();
  });
});
