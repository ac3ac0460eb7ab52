import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SomaError } from "./errors.ts";
import { createLog } from "./log.ts";
import { type Loop, startLoop, type Tick } from "./loop.ts";
import { readMetrics } from "./metrics.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startLogged(tick: Tick) {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    service: "t",
    destination: { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  });
  return { loop: startLoop({ name: "t", intervalMs: 1_000, log }, tick), lines };
}

/** A loop whose ticks fail with an error for as long as there is one. */
function start(failing: { error: Error | undefined }) {
  let ticks = 0;
  const started = startLogged(async () => {
    ticks += 1;
    if (failing.error !== undefined) throw failing.error;
    return false;
  });
  return { ...started, ticks: () => ticks };
}

/** A loop whose ticks end when the test has them end, the first one first. */
function startStepped(first: (...args: Parameters<Tick>) => void = () => {}) {
  const rounds: PromiseWithResolvers<boolean>[] = [];
  const started = startLogged((done) => {
    first(done);
    const round = Promise.withResolvers<boolean>();
    rounds.push(round);
    return round.promise;
  });
  return { ...started, rounds };
}

/** What a probe is told, and what metrics tell: seconds of a standstill. */
async function stateOf(loop: Loop) {
  const fault = await loop.check().then(
    () => undefined,
    (error: SomaError) => `${error.message}; ${String(error.cause)}`,
  );
  const seconds = /^soma_loop_standing_seconds\{loop="t"\} ([\d.]+)$/m.exec((await readMetrics()).body)?.[1];
  return { fault, seconds: seconds === undefined ? undefined : Math.floor(Number(seconds)) };
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

  it("stands still after five seconds without a round that was done, until one is, and says why and for how long", async () => {
    const failing: { error: Error | undefined } = { error: undefined };
    const { loop } = start(failing);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await stateOf(loop)).toEqual({ fault: undefined, seconds: 0 });
    failing.error = new SomaError("UNAVAILABLE", "the database is away", { cause: new Error("at 10.1.2.3") });
    await vi.advanceTimersByTimeAsync(4_900);
    expect((await stateOf(loop)).fault).toBe(undefined);
    await vi.advanceTimersByTimeAsync(7_000);
    const { fault, seconds } = await stateOf(loop);
    expect(fault).toMatch(/^t stands still: the database is away; Error: 1[012] s so far; the database is away$/);
    expect(seconds).toBeGreaterThanOrEqual(10);
    failing.error = undefined;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await stateOf(loop)).toEqual({ fault: undefined, seconds: 0 });
    await loop.close();
    expect((await stateOf(loop)).seconds).toBe(undefined);
  });

  it("stands still in a round that does not end, and while it fails from then on, without a pause between", async () => {
    const { loop, lines, rounds } = startStepped();
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await stateOf(loop)).fault).toMatch(/^t stands still: a round of it has not ended; Error: 5 s so far$/);
    rounds.shift()?.reject(new SomaError("UNAVAILABLE", "a lock is held"));
    for (let asked = 0; asked < 50; asked += 1) {
      await vi.advanceTimersByTimeAsync(100);
      expect((await stateOf(loop)).fault).toContain("t stands still: a lock is held");
    }
    rounds.shift()?.resolve(false);
    await vi.advanceTimersByTimeAsync(0);
    expect((await stateOf(loop)).fault).toBe(undefined);
    expect(lines).toEqual(["a round of a loop takes long", "a loop waits for what is away", "a loop goes on"]);
    rounds.shift()?.resolve(false);
    await loop.close();
  });

  it("does not stand still for what it does after its work is done, however long that takes or often it fails", async () => {
    const { loop, lines, rounds } = startStepped((done) => done());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await stateOf(loop)).toEqual({ fault: undefined, seconds: 0 });
    for (let failed = 0; failed < 5; failed += 1) {
      rounds.shift()?.reject(new Error("nobody takes what is sent"));
      await vi.advanceTimersByTimeAsync(30_000);
      expect((await stateOf(loop)).fault).toBe(undefined);
    }
    expect(new Set(lines)).toEqual(new Set(["a loop failed and goes on"]));
    rounds.shift()?.resolve(false);
    await loop.close();
  });
});
