import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SomaError } from "./errors.ts";
import { createLog } from "./log.ts";
import { startLoop } from "./loop.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A loop whose ticks fail with an error for as long as there is one. */
function start(failing: { error: Error | undefined }) {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    service: "t",
    destination: { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  });
  let ticks = 0;
  const loop = startLoop({ name: "t", intervalMs: 1_000, log }, async () => {
    ticks += 1;
    if (failing.error !== undefined) throw failing.error;
    return false;
  });
  return { loop, lines, ticks: () => ticks };
}

describe("startLoop()", () => {
  it("tells an outage once, asks at most 2 s apart, and tells that it goes on", async () => {
    const failing: { error: Error | undefined } = { error: new SomaError("UNAVAILABLE", "the database is away") };
    const { loop, lines, ticks } = start(failing);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(ticks()).toBeGreaterThan(1_800);
    expect(lines).toEqual(["a loop waits for what is away"]);
    failing.error = undefined;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(lines).toEqual(["a loop waits for what is away", "a loop goes on"]);
    await loop.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tells an outage that follows another failure, and the next one after that", async () => {
    const failing: { error: Error | undefined } = { error: new Error("a bug") };
    const { loop, lines } = start(failing);
    const away = new SomaError("UNAVAILABLE", "the database is away");
    await vi.advanceTimersByTimeAsync(1);
    failing.error = away;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual(["a loop failed and goes on", "a loop waits for what is away"]);
    lines.length = 0;
    failing.error = new Error("a bug");
    await vi.advanceTimersByTimeAsync(2_000);
    failing.error = away;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(new Set(lines)).toEqual(new Set(["a loop failed and goes on", "a loop waits for what is away"]));
    expect(lines.at(-1)).toBe("a loop waits for what is away");
    await loop.close();
  });

  it("tells each failure that nobody foresaw, ever more rarely", async () => {
    const { loop, lines, ticks } = start({ error: new Error("a bug") });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines).toHaveLength(ticks());
    expect(ticks()).toBeLessThan(150);
    await loop.close();
  });

  it("looks ever more rarely while there is nothing to do, up to a limit, and at its interval again afterwards", async () => {
    let ticks = 0;
    let more = false;
    const log = createLog({ level: "silent", service: "t" });
    const loop = startLoop({ name: "t", intervalMs: 250, maxIdleMs: 1_000, log }, async () => {
      ticks += 1;
      return more && ticks % 2 === 0;
    });
    const ticksIn = async (ms: number): Promise<number> => {
      const before = ticks;
      await vi.advanceTimersByTimeAsync(ms);
      return ticks - before;
    };
    await ticksIn(10_000);
    expect(await ticksIn(100_000)).toBeLessThan(125);
    more = true;
    expect(await ticksIn(100_000)).toBeGreaterThan(600);
    await loop.close();
  });

  it("runs at each interval, at once when woken, and never twice at a time", async () => {
    const { loop, ticks } = start({ error: undefined });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks()).toBeGreaterThanOrEqual(8);
    const before = ticks();
    for (let i = 0; i < 5; i += 1) loop.wake();
    await vi.advanceTimersByTimeAsync(1);
    expect(ticks() - before).toBeLessThanOrEqual(2);
    expect(ticks()).toBeGreaterThan(before);
    await loop.close();
  });
});
