import { createSilentLog } from "@soma/shared/log";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type KeepOptions, keepRunning } from "./keep-postgres.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server of the test: runs or not, and starts as often as it is allowed to. */
function keep(more: Partial<KeepOptions> = {}) {
  const server = { runs: true, starts: 0, refuses: 0, said: [] as string[] };
  const kept = keepRunning({
    isRunning: async () => server.runs,
    async start() {
      server.starts += 1;
      if (server.starts <= server.refuses) throw new Error(`No space left on device, at try ${server.starts}`);
      server.runs = true;
    },
    log: createSilentLog(),
    say: (line) => void server.said.push(line),
    ...more,
  });
  return { server, kept };
}

describe("keepRunning()", () => {
  it("starts what has stopped, each time, and says it once", async () => {
    const { server, kept } = keep();
    for (let times = 1; times <= 3; times += 1) {
      server.runs = false;
      await vi.advanceTimersByTimeAsync(1_000);
      expect([server.runs, server.starts, kept.fault()]).toEqual([true, times, undefined]);
    }
    expect(server.said).toHaveLength(6);
    kept.end();
    await kept.ended();
  });

  it("tries for as long as it takes, at most 2 s apart, and tells the reason meanwhile", async () => {
    const { server, kept } = keep();
    server.refuses = 1_000;
    server.runs = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.starts).toBeGreaterThan(25);
    expect(kept.fault()).toContain("No space left on device");
    expect(server.said).toEqual(["PostgreSQL has stopped; it is started again"]);
    server.refuses = 0;
    await vi.advanceTimersByTimeAsync(2_000);
    expect([server.runs, kept.fault(), server.said.length]).toEqual([true, undefined, 2]);
    kept.end();
    await kept.ended();
  });

  it("looks again soon, however often it could not look", async () => {
    let canLook = false;
    let runs = true;
    const isRunning = async () => {
      if (!canLook) throw new Error("too many files are open");
      return runs;
    };
    const { server, kept } = keep({ isRunning });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.starts).toBe(0);
    canLook = true;
    runs = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.starts).toBeGreaterThan(0);
    runs = true;
    kept.end();
    await kept.ended();
  });

  it("starts nothing once it was told to end, not even in a wait between two tries", async () => {
    const { server, kept } = keep();
    server.refuses = 1_000;
    server.runs = false;
    await vi.advanceTimersByTimeAsync(5_000);
    kept.end();
    await kept.ended();
    const { starts } = server;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.starts).toBe(starts);
    expect(vi.getTimerCount()).toBe(0);
  });
});
