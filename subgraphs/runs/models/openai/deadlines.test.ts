import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDeadlines } from "./deadlines.ts";

const LIMITS = { connect: 10, firstToken: 100, total: 1_000 };

describe("startDeadlines()", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const start = (limits = LIMITS, caller = new AbortController().signal) => startDeadlines("m", limits, caller);

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
    slow.firstToken();
    vi.advanceTimersByTime(999);
    expect(slow.failure()).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(slow.failure()).toMatchObject({ code: "TIMEOUT", message: "m did not finish its answer within 1000 ms" });
    slow.close();
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
