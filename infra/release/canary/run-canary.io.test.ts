import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { BLUE_GREEN_STEPS, CANARY_STEPS } from "./machine.ts";
import { type MeasureOptions, measure, queriesOf } from "./measure.ts";
import { type CanaryReport, runCanary } from "./run-canary.ts";

/** What Prometheus answers to each of the five queries; null is never answered. */
type Answers = Record<keyof ReturnType<typeof queriesOf>, unknown>;

const GOOD: Answers = { requests: "200", errors: "1", p95: "0.2", runs: "20", failed: "1" };
const PACE = { stepMs: 60_000, checkMs: 10_000, patienceMs: 30_000 };
const BASE: MeasureOptions = {
  ...{ prometheus: "", answerMs: 5000, windowS: 60, minRequests: 50, minRuns: 5 },
  ...{ maxErrorPercent: 1, maxP95Ms: 500, maxRunFailurePercent: 10 },
  ...{ selector: 'release="new"', runsSelector: 'worker="new"' },
};

let server: Server;
let options: MeasureOptions;
/** By how often it was measured before. */
let answersAt: (measured: number) => Answers;
let asked: number;
/** Weights in their order, and what was told. */
let moves: number[];
let said: string[];
let kept: CanaryReport[];

beforeEach(async () => {
  [asked, moves, said, kept] = [0, [], [], []];
  answersAt = () => GOOD;
  server = createServer((request, response) => {
    const query = new URL(request.url ?? "", "http://prometheus").searchParams.get("query");
    const name = Object.entries(queriesOf(options)).find(([, each]) => each === query)?.[0] as keyof Answers;
    const answer = answersAt(Math.floor(asked++ / 5))[name];
    if (answer !== null) response.end(toBody(answer));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  options = { ...BASE, prometheus: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A number as Prometheus says it, no data for undefined, and anything else as it is. */
function toBody(answer: unknown): string {
  if (typeof answer === "object") return JSON.stringify(answer);
  if (typeof answer === "string" && !/^[\d.]+$|^NaN$|^$/.test(answer)) return answer;
  const result = answer === undefined ? [] : [{ metric: {}, value: [1, answer] }];
  return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
}

interface Story {
  steps?: readonly number[];
  move?(weight: number): Promise<void>;
  signal?: AbortSignal;
  onWait?(now: number): void;
}

/** A canary whose time passes at once. */
async function play({ steps = CANARY_STEPS, move, signal, onWait }: Story = {}): Promise<CanaryReport> {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    wait: async (ms) => {
      now += ms;
      onWait?.(now);
    },
  };
  return runCanary({
    ...{ steps, clock, pace: PACE, signal: signal ?? new AbortController().signal },
    measure: (within) => measure(options, within),
    traffic: {
      move: async (weight) => {
        moves.push(weight);
        await move?.(weight);
      },
    },
    say: (line) => said.push(line),
    keep: async (report) => void kept.push(structuredClone(report)),
  });
}

describe("runCanary()", () => {
  it("gives a good release all traffic, after six measurements of each step", async () => {
    const report = await play();
    expect(moves).toEqual([5, 25, 50, 100]);
    expect(report).toMatchObject({ status: "promoted" });
    expect(report.steps.map(({ weight, outcome, checks }) => ({ weight, outcome, checks }))).toEqual(
      [5, 25, 50, 100].map((weight) => ({ weight, outcome: "passed", checks: 6 })),
    );
    const minutes = { startedAt: "1970-01-01T00:01:00.000Z", endedAt: "1970-01-01T00:02:00.000Z" };
    expect(report.steps[1]).toMatchObject(minutes);
    expect(kept.map(({ status, steps }) => [status, steps.length])).toEqual([
      ["measuring", 1],
      ["measuring", 2],
      ["measuring", 3],
      ["promoted", 4],
    ]);
  });

  it("is blue and green with one step", async () => {
    expect(await play({ steps: BLUE_GREEN_STEPS })).toMatchObject({ status: "promoted" });
    expect(moves).toEqual([100]);
  });

  it.each<[string, Partial<Answers>, string]>([
    ["errors", { errors: "3" }, "errors: 1.50 % of 200, and 1 % are allowed"],
    ["slowness", { p95: "0.6" }, "latency: 600.00 ms of 200, and 500 ms are allowed"],
    ["failed runs", { failed: "3" }, "run failures: 15.00 % of 20, and 10 % are allowed"],
    ["errors, whatever is missing beside them", { errors: "3", runs: undefined, p95: "garbage" }, "errors: 1.50 %"],
  ])("goes back at the first measurement of %s, in the step where they begin", async (_, bad, detail) => {
    answersAt = (at) => (at < 6 ? GOOD : { ...GOOD, ...bad });
    const report = await play();
    expect(moves).toEqual([5, 25, 0]);
    expect(report).toMatchObject({ status: "rolled_back", reason: "breached" });
    expect(report.steps[1]).toMatchObject({ outcome: "breached", checks: 1, detail: expect.stringContaining(detail) });
    expect(kept.at(-1)).toEqual(report);
  });

  const ofData = (data: unknown): unknown => ({ status: "success", data });
  it.each<[string, Partial<Answers>, string]>([
    ["no data", { requests: undefined }, "errors: Prometheus has no data"],
    ["too few requests", { requests: "49" }, "errors: 49.0 requests in 60 s, and 50 are needed"],
    ["too few runs", { runs: "4.9" }, "run failures: 4.9 runs in 60 s, and 5 are needed"],
    ["no latency", { p95: "NaN" }, "latency: what Prometheus answered is no one number"],
    ["an empty number", { errors: "" }, "errors: what Prometheus answered is no one number"],
    ["text that is no JSON", { requests: "<html>" }, "gave no answer"],
    ["a refusal", { failed: { status: "error", error: "bad" } }, "run failures: what Prometheus answered is no vector"],
    ["a matrix", { p95: ofData({ resultType: "matrix", result: [] }) }, "is no vector"],
    ["two series", { errors: ofData({ resultType: "vector", result: [{ value: [1, "0"] }, {}] }) }, "no one number"],
  ])("goes back when there is %s for as long as it has patience", async (_, bad, detail) => {
    answersAt = () => ({ ...GOOD, ...bad });
    const report = await play();
    expect(moves).toEqual([5, 0]);
    expect(report).toMatchObject({ status: "rolled_back", reason: "missing" });
    expect(report.steps[0]).toMatchObject({ outcome: "missing", checks: 3, detail: expect.stringContaining(detail) });
  });

  it("goes on after a measurement that was missing once, and not where it is missing as a step ends", async () => {
    const silent = { ...GOOD, requests: undefined };
    answersAt = (at) => (at === 3 ? silent : GOOD);
    expect(await play({ steps: BLUE_GREEN_STEPS })).toMatchObject({ status: "promoted" });
    asked = 0;
    answersAt = (at) => (at === 5 ? silent : GOOD);
    expect(await play({ steps: BLUE_GREEN_STEPS })).toMatchObject({ status: "rolled_back", reason: "missing" });
  });

  it("goes back when Prometheus cannot be reached, or begins no answer in its time", async () => {
    answersAt = () => ({ ...GOOD, runs: null });
    options = { ...options, answerMs: 50 };
    expect(await play()).toMatchObject({ reason: "missing", steps: [{ checks: 3 }] });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const report = await play();
    expect(report).toMatchObject({ status: "rolled_back", reason: "missing" });
    expect(report.steps[0]?.detail).toContain("ECONNREFUSED");
  });

  it("asks nothing of runs where none are needed", async () => {
    options = { ...options, minRuns: 0 };
    answersAt = () => ({ ...GOOD, runs: "garbage", failed: "garbage" });
    const { status, steps } = await play({ steps: BLUE_GREEN_STEPS });
    expect(status).toBe("promoted");
    expect(steps[0]?.judged.map(({ what }) => what)).toEqual(["errors", "latency"]);
    expect(asked).toBe(18);
  });

  it("brings the traffic back until that is true, also when it could not be given", async () => {
    let refusals = 3;
    const move = async (weight: number): Promise<void> => {
      if (weight === 25 || (weight === 0 && refusals-- > 0)) throw new Error("the cluster is away");
    };
    expect(await play({ move })).toMatchObject({ status: "rolled_back", reason: "move_failed" });
    expect(moves).toEqual([5, 25, 0, 0, 0, 0]);
    expect(said.filter((line) => line.includes("tried again: the cluster is away"))).toHaveLength(3);
    expect(said.at(-1)).toBe("100 % to the stable release");
  });

  it("brings the traffic back when it is told to end, in a step or before the first", async () => {
    const stop = new AbortController();
    const onWait = (now: number): void => (now === 80_000 ? stop.abort() : undefined);
    expect(await play({ signal: stop.signal, onWait })).toMatchObject({ status: "rolled_back", reason: "stopped" });
    expect(moves).toEqual([5, 25, 0]);
    const report = await play({ signal: AbortSignal.abort() });
    expect(report).toEqual({ status: "rolled_back", reason: "stopped", steps: [] });
    expect(moves).toEqual([5, 25, 0, 0]);
  });
});
