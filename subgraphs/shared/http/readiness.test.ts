import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SomaError } from "../errors.ts";
import { createLog, createSilentLog } from "../log.ts";
import { answerReadiness, checkOf, createReadiness } from "./readiness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const AWAY = new SomaError("UNAVAILABLE", "the database refuses connections", {
  cause: new Error("connect ECONNREFUSED 10.1.2.3:5432"),
});

describe("createReadiness()", () => {
  it("tells each check that fails, for strangers and for operators, and none that does not", async () => {
    const checks = {
      postgres: () => Promise.reject(AWAY),
      disk: async () => {},
      broken: () => Promise.reject(new Error("password authentication failed for user soma")),
    };
    const faults = await createReadiness(checks, createSilentLog())();
    expect(faults).toEqual({
      postgres: {
        reason: "the database refuses connections",
        detail: "the database refuses connections: connect ECONNREFUSED 10.1.2.3:5432",
      },
      broken: { reason: expect.stringContaining("the log has it"), detail: expect.stringContaining("user soma") },
    });
    const answer = answerReadiness(faults);
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toMatch(/10\.1\.2\.3|user soma/);
  });

  it("gives a check that does not answer 1.5 s, and begins no second one beside it", async () => {
    let begun = 0;
    let answer = (): void => {};
    const hangs = () => {
      begun += 1;
      return new Promise<void>((resolve) => (answer = resolve));
    };
    const findFaults = createReadiness({ postgres: hangs }, createSilentLog());
    for (let asked = 0; asked < 5; asked += 1) {
      const found = findFaults();
      await vi.advanceTimersByTimeAsync(1_500);
      expect((await found).postgres?.reason).toBe("postgres did not answer within 1500 ms");
    }
    expect(begun).toBe(1);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(await findFaults()).toEqual({});
    expect(vi.getTimerCount()).toBe(0);
  });

  it("looks once for all who ask within a moment, and again afterwards", async () => {
    const check = vi.fn(async () => {});
    const findFaults = createReadiness({ postgres: check }, createSilentLog());
    for (let asked = 0; asked < 50; asked += 1) await Promise.all([findFaults(), findFaults()]);
    expect(check).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(101);
    await findFaults();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it("logs a change and no more, with the details", async () => {
    const lines: { msg: string; faults?: object }[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    let away = false;
    const check = () => (away ? Promise.reject(AWAY) : Promise.resolve());
    const findFaults = createReadiness({ postgres: check }, createLog({ level: "info", service: "t", destination }));
    for (const now of [false, true, true, true, false, false]) {
      away = now;
      vi.advanceTimersByTime(200);
      await findFaults();
    }
    expect(lines.map(({ msg }) => msg)).toEqual(["this part is not ready", "this part is ready again"]);
    expect(JSON.stringify(lines[0])).toContain("10.1.2.3");
  });
});

describe("checkOf()", () => {
  it("passes on what another part lacks, in words for strangers", async () => {
    const faults = { postgres: { reason: "away", detail: "away: 10.1.2.3" }, runs: { reason: "late", detail: "late" } };
    await expect(checkOf(async () => faults)()).rejects.toMatchObject({ publicMessage: "postgres: away; runs: late" });
    await expect(checkOf(async () => ({}))()).resolves.toBeUndefined();
  });
});

describe("answerReadiness()", () => {
  it("says ready and nothing else when there is no fault", async () => {
    const answer = answerReadiness({});
    expect([answer.status, await answer.json()]).toEqual([200, { ready: true }]);
  });
});
