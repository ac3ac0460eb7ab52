import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { listRuns } from "./list-runs.ts";
import { type Asked, printed, startStubProduct, written } from "./testing/stub-product.ts";
import { watchRuns } from "./watch-runs.ts";

const RUN = {
  id: "r1",
  graph: "assistant",
  status: "SUCCEEDED",
  input: { text: "What is 6*7?\nAnd why?" },
  createdAt: "2026-11-26T00:00:00Z",
  recoveries: 0,
  outcome: { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 0, cutAnswers: 0 },
};
const RUNNING = { ...RUN, id: "r2", status: "RUNNING", outcome: null, input: { text: "日本語" } };
const END = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: "c1" };

const page = (nodes: object[], pageInfo: object = END) => ({ data: { runs: { nodes, pageInfo } } });

let product: Product;
let asked: Asked[] = [];
/** Answers one request after the other; the last one again and again. */
let answers: unknown[] = [];
let close = (): void => {};
beforeAll(async () => {
  ({ product, close } = await startStubProduct((question) => {
    asked.push(question);
    return answers.length > 1 ? answers.shift() : answers[0];
  }));
});
afterAll(() => close());
beforeEach(() => {
  asked = [];
});

describe("soma runs list", () => {
  it("has a line for each run, with how it went, and says how the next page is asked for", async () => {
    answers = [page([RUN], { ...END, hasNextPage: true })];
    const { stdout, stderr } = await written(() => listRuns(product, { limit: 1, status: "failed", json: false }));
    expect(stdout.split("\n")[1]).toMatch(
      /^r1 +SUCCEEDED +1 call failed +assistant +2026-11-26T00:00:00Z +What is 6\*7\?$/,
    );
    expect(stderr).toContain("runs list --status failed --limit 1 --after c1` shows them");
    await written(() => listRuns(product, { limit: 1, after: "c1", json: true }));
    expect(asked.map(({ variables }) => variables)).toEqual([
      { filter: { status: ["FAILED"] }, first: 1 },
      { filter: {}, first: 1, after: "c1" },
    ]);
  });

  it("says how far back it looked where it looked at no more, and how it looks further", async () => {
    const searchedTo = { cursor: "c9", createdAt: "2026-11-20T00:00:00Z", runs: 5000 };
    answers = [{ data: { runs: { nodes: [RUN], pageInfo: END, searchedTo } } }];
    const { stdout, stderr } = await written(() =>
      listRuns(product, { limit: 5, outcome: "problem", recovered: true, json: false }),
    );
    expect(stdout).toContain("r1");
    expect(stderr).toMatch(
      /^soma: looked at 5000 runs, back to 2026-11-20T00:00:00Z; `.*runs list --outcome problem --recovered --limit 5 --after c9` looks further\n$/,
    );
  });

  it("says that there is none, and of what; JSON has an empty list", async () => {
    answers = [page([])];
    const list = (options: object): Promise<string> =>
      printed(() => listRuns(product, { limit: 5, json: false, ...options }));
    expect(await list({})).toMatch(/no runs yet; start one/);
    expect(await list({ text: "a b" })).toBe("no run fits --text 'a b'; leave a filter out to see more\n");
    expect(await list({ json: true })).toBe("[]\n");
  });

  it("refuses an agent that neither is one nor was, and names those there are", async () => {
    const graphs = { data: { graphs: [{ name: "assistant", version: 1, hash: "h" }] } };
    answers = [page([]), graphs, page([])];
    const list = (): Promise<void> => listRuns(product, { limit: 5, agent: "asistant", status: "failed", json: false });
    await expect(list()).rejects.toThrow('there is no agent "asistant" and no run of one; the agents are assistant');
    answers = [page([]), graphs, page([RUN])];
    expect(await printed(list)).toMatch(/^no run fits --status failed --agent asistant/);
  });
});

describe("soma runs list --watch", () => {
  async function* ticks(count: number): AsyncGenerator<void> {
    for (let tick = 0; tick < count; tick += 1) yield;
  }
  const after = { ...RUNNING, status: "SUCCEEDED", outcome: { ...RUN.outcome, kind: "OK" }, recoveries: 1 };

  it("has a line for each change where it is piped, the older run first, and says once what is in the way", async () => {
    const away = { errors: [{ message: "runs is away", extensions: { code: "UNAVAILABLE", retryable: true } }] };
    answers = [page([RUNNING, RUN]), page([RUNNING, RUN]), away, away, page([after, RUN])];
    const piped = { limit: 5, json: false, terminal: undefined };
    const { stdout, stderr } = await written(() => watchRuns(product, { ...piped, ticks: ticks(4) }));
    expect(stdout.trimEnd().split("\n")).toEqual([
      "r1  SUCCEEDED         1 call failed, assistant: What is 6*7?",
      "r2  RUNNING           assistant: 日本語",
      "r2  SUCCEEDED         ok, recovered 1 time, assistant: 日本語",
    ]);
    expect(stderr).toBe("soma: runs is away; asked again\n");
    answers = [page([RUN]), page([after, RUN])];
    const lines = await printed(() => watchRuns(product, { ...piped, json: true, ticks: ticks(1) }));
    expect(
      lines
        .trimEnd()
        .split("\n")
        .map((text) => JSON.parse(text).id),
    ).toEqual(["r1", "r2"]);
  });

  it("is repainted in place on a terminal, with no line that the terminal would break", async () => {
    answers = [page([RUNNING, RUN]), page([RUN])];
    const terminal = (): { columns: number; rows: number } => ({ columns: 30, rows: 4 });
    const stdout = await printed(() => watchRuns(product, { limit: 5, json: false, terminal, ticks: ticks(1) }));
    const [first = "", second = ""] = stdout.split("\u001b[3A\u001b[J");
    expect(first.split("\n")).toEqual([
      "RUN  STATUS     OUTCOME      …",
      expect.stringMatching(/^r2 {3}RUNNING {4}.*…$/),
      "1 more do not fit · Ctrl-C en…",
      "",
    ]);
    expect(second.split("\n")).toHaveLength(4);
  });
});
