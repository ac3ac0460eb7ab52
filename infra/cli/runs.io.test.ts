import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { listRuns, pauseRun, resumeRun, showRun, signalRun } from "./runs.ts";
import { startStubProduct, written } from "./testing/stub-product.ts";

const RUN = {
  id: "r1",
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "SUCCEEDED",
  input: { text: "What is 6*7?\nAnd why?" },
  answer: "42\u001b[2J",
  createdAt: "2026-11-26T00:00:00Z",
  startedAt: "2026-11-26T00:00:01Z",
  finishedAt: null,
  recoveries: 1,
  headSeq: 9,
  outcome: { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 0, cutAnswers: 0 },
  error: null,
  session: { id: "s1" },
};
const STEP = { id: "t", number: 1, nodeId: "tool", nodeType: "TOOL", status: "FAILED", attempt: 2, latencyMs: 3.4 };
const DETAIL = {
  ...RUN,
  traceId: "abc",
  steps: { totalCount: 1, nodes: [{ ...STEP, summary: "calculate", error: { code: "X", message: "no such thing" } }] },
  memories: null,
};

describe("soma runs", () => {
  let product: Product;
  let answer: unknown;
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(() => answer));
  });
  afterAll(() => close());

  it("show: all of a run that its services gave, and which part is missing and why", async () => {
    const errors = [{ message: "the service memory does not answer", path: ["run", "memories"] }];
    answer = { data: { run: DETAIL }, errors };
    const { stdout, stderr } = await written(() => showRun(product, { id: "r1", json: false }));
    expect(stderr).toBe("soma: run.memories is not shown: the service memory does not answer\n");
    expect(stdout).toContain("status   SUCCEEDED, 1 call failed");
    expect(stdout).toMatch(/1 +tool +FAILED +2 +3 +calculate \(no such thing\)/);
    expect(stdout).not.toContain("used ");
    expect(stdout).toContain("recovered 1 time from a lost worker");
    expect(stdout).toMatch(/\n42\n$/);
    const json = await written(() => showRun(product, { id: "r1", json: true }));
    expect(JSON.parse(json.stdout)).toEqual(DETAIL);
  });

  it("show: which models were asked for an answer and gave none, and why", async () => {
    const passedOver = [{ profile: "big", code: "TIMEOUT", message: "big (m) gave no first token" }];
    const answeredBy = { profile: "small", provider: "p", model: "m", passedOver };
    answer = { data: { run: { ...DETAIL, steps: { totalCount: 1, nodes: [{ ...STEP, answeredBy }] } } } };
    const { stdout } = await written(() => showRun(product, { id: "r1", json: false }));
    expect(stdout).toMatch(/STEP +NOT ANSWERED BY +CODE +WHY\s+1 +big +TIMEOUT +big \(m\) gave no first token/);
  });

  it("show: what it used, and what its session did", async () => {
    const usage = { cost: "0.50", currency: "USD", inputTokens: 1200, outputTokens: 30 };
    const session = { id: "s1", usage: { ...usage, cost: "2.00" } };
    answer = { data: { run: { ...DETAIL, usage, session } } };
    const { stdout } = await written(() => showRun(product, { id: "r1", json: false }));
    expect(stdout).toContain("\nused     1200 tokens in, 30 out, 0.50 USD; its session 2.00 USD\n");
  });

  it("show: says that there is none, and what to do when nothing was answered", async () => {
    answer = { data: { run: null } };
    await expect(showRun(product, { id: "r2", json: false })).rejects.toThrow(/run r2 does not exist; .* runs list/);
    answer = { data: { run: null }, errors: [{ message: "runs is away", path: ["run"] }] };
    await expect(showRun(product, { id: "r2", json: false })).rejects.toThrow("runs is away");
  });

  it("pause, resume, signal: say what the run does now, or that it had ended", async () => {
    const running = { ...RUN, status: "RUNNING" };
    answer = { data: { pauseRun: { run: running }, resumeRun: { run: running }, signalRun: { run: RUN } } };
    const told = async (work: () => Promise<void>) => (await written(work)).stdout.trim();
    expect(await told(() => pauseRun(product, { id: "r1", json: false }))).toMatch(/rest after the step it is in$/);
    expect(await told(() => resumeRun(product, { id: "r1", json: false }))).toBe("run r1 goes on");
    const signal = { id: "r1", name: "paid", payload: '{"amount": 7}', json: false };
    expect(await told(() => signalRun(product, signal))).toBe("run r1 had ended already: SUCCEEDED");
    await expect(signalRun(product, { ...signal, payload: "seven" })).rejects.toMatchObject({
      message: expect.stringContaining("the payload seven is not JSON"),
      exitCode: 2,
    });
  });

  it("list: a line for each run, with how it went", async () => {
    answer = { data: { runs: { nodes: [RUN] } } };
    const { stdout } = await written(() => listRuns(product, { limit: 5, json: false }));
    expect(stdout.split("\n")[1]).toMatch(/^r1 +SUCCEEDED +1 call failed +2026-11-26T00:00:00Z +What is 6\*7\?$/);
    answer = { data: { runs: { nodes: [] } } };
    expect((await written(() => listRuns(product, { limit: 5, json: false }))).stdout).toMatch(
      /no runs yet; start one/,
    );
  });
});
