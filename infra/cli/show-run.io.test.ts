import { CHAIN_START, chainText, payloadText, webSha256 } from "@soma/schemas/run-chain";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { displayWidth } from "./display-width.ts";
import type { Product } from "./find-product.ts";
import { showRun } from "./show-run.ts";
import { startStubProduct, written } from "./testing/stub-product.ts";

const STEP = {
  id: "t",
  number: 1,
  nodeId: "tool",
  nodeType: "TOOL",
  status: "FAILED",
  attempt: 2,
  latencyMs: 3.4,
  startedAt: "2026-11-26T00:00:01Z",
  finishedAt: "2026-11-26T00:00:02.2Z",
  summary: "calculate",
  error: { code: "X", message: "no such thing\u001b[2J" },
};
const DETAIL = {
  id: "r1",
  graph: "assistant",
  role: "assistant",
  modelProfile: "scripted",
  status: "SUCCEEDED",
  input: { text: "What is 6*7?\nAnd why?" },
  answer: "42\u001b[2J",
  createdAt: "2026-11-26T00:00:00Z",
  startedAt: "2026-11-26T00:00:01Z",
  finishedAt: "2026-11-26T00:00:05Z",
  recoveries: 1,
  headSeq: 1,
  outcome: { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 0, cutAnswers: 0 },
  error: null,
  session: { id: "s1" },
  traceId: "abc",
  steps: { totalCount: 1, nodes: [STEP] },
  memories: null,
};
const USAGE = {
  ...{ cost: "0.0120", currency: "USD", inputTokens: 120, cachedTokens: 100, outputTokens: 7 },
  ...{ modelCalls: 1, toolCalls: 2 },
};

async function retried(): Promise<object> {
  const event = {
    ...{ seq: 1, at: "2026-11-26T00:00:01.1Z", type: "STEP_RETRIED", stepId: "t", stepNumber: 1, nodeId: "tool" },
    ...{ nodeType: "TOOL", attempt: 1, payload: { attempt: 1, delayMs: 500, error: { code: "Y", message: "busy" } } },
  };
  const payloadHash = await webSha256(payloadText(event.payload));
  const chained = { ...event, payloadHash };
  return { ...chained, hash: await webSha256(chainText("r1", CHAIN_START, chained)) };
}

describe("soma runs show", () => {
  let product: Product;
  /** Answers by the name of the operation. */
  let answers: Record<string, unknown> = {};
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ query = "" }) => answers[/query (\w+)/.exec(query)?.[1] ?? ""]));
  });
  afterAll(() => close());
  beforeEach(() => {
    vi.stubEnv("NO_COLOR", "1");
    vi.stubEnv("FORCE_COLOR", undefined);
    vi.stubEnv("COLUMNS", "60");
  });
  afterEach(() => vi.unstubAllEnvs());

  const show = (json = false) => written(() => showRun(product, { id: "r1", json }));

  it("has its facts, what it used, its steps over time, and the answer, on 60 columns too", async () => {
    answers = {
      RunDetail: { data: { run: DETAIL } },
      RunUsage: { data: { run: { id: "r1", usage: USAGE } } },
      RunEventsPage: { data: { runEventsPage: { events: [await retried()] } } },
    };
    const { stdout, stderr } = await show();
    expect(stderr).toBe("");
    expect(stdout).toContain("status   SUCCEEDED, 1 call failed\n");
    expect(stdout).toContain("finished 2026-11-26T00:00:05Z, took 4.0 s\nrecovered 1 time from a lost worker\n");
    expect(stdout).toContain(
      "used     0.0120 USD · 120 tokens in (100 of them kept), 7\n         out · 1 model call, 2",
    );
    expect(stdout).toMatch(/\n1 {2}tool {2}░+ +1\.1 s\n {3}calculate\n/);
    expect(stdout).toContain(
      "\n   attempt 1 failed: busy; the next one follows after 0.5 s\n   FAILED in try 2: X: no such",
    );
    expect(stdout).toMatch(/\n42\n$/);
    expect(stdout.split("\n").filter((line) => displayWidth(line) > 60)).toEqual([]);
    expect(JSON.parse((await show(true)).stdout)).toEqual(DETAIL);
  });

  it("shows what its services gave, and says which part is missing and why", async () => {
    const errors = [{ message: "the service memory does not answer", path: ["run", "memories"] }];
    answers = {
      RunDetail: { data: { run: DETAIL }, errors },
      RunUsage: { data: { run: { id: "r1", usage: null } } },
      RunEventsPage: { errors: [{ message: "runs is away" }] },
    };
    const { stdout, stderr } = await show();
    expect(stderr).toBe(
      "soma: run.memories is not shown: the service memory does not answer\nsoma: what lies between the tries of a step is not shown: runs is away\n",
    );
    expect(stdout).toMatch(/\n1 {2}tool {2}█+ +1\.2 s\n/);
    expect(stdout).not.toContain("used ");
  });

  it("tells beside what the run used what its session did", async () => {
    const session = { id: "s1", usage: { ...USAGE, cost: "2.00" } };
    answers = {
      RunDetail: { data: { run: DETAIL } },
      RunUsage: { data: { run: { id: "r1", usage: USAGE, session } } },
      RunEventsPage: { data: { runEventsPage: { events: [] } } },
    };
    expect((await show()).stdout.replace(/\s+/g, " ")).toContain("2 tool calls · its session 2.00 USD");
  });

  it("says that there is none, and what to do when nothing was answered", async () => {
    answers = { RunDetail: { data: { run: null } } };
    await expect(show()).rejects.toThrow(/run r1 does not exist; .* runs list/);
    answers = { RunDetail: { data: { run: null }, errors: [{ message: "runs is away", path: ["run"] }] } };
    await expect(show()).rejects.toThrow("runs is away");
  });
});
