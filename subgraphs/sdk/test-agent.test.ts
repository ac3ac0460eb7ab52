import { describe, expect, it } from "vitest";
import { approval } from "./approval.ts";
import { map, parallel, subgraph } from "./branches.ts";
import { Type } from "./define-tool.ts";
import { appended, graph, replaced } from "./graph.ts";
import type { NodeSpec, StepContext } from "./node.ts";
import { runAgent } from "./run-agent.ts";
import { StepError } from "./step-error.ts";
import { testAgent } from "./test-agent.ts";
import { wait, waitForSignal } from "./wait.ts";

const HOUR_MS = 3_600_000;
const hours =
  (count: number) =>
  (_state: unknown, { now }: StepContext) =>
    new Date(now().getTime() + count * HOUR_MS);

/** An agent of one node. */
const only = <S>(spec: NodeSpec<{ readonly said: string }>) =>
  graph("only", 1, { said: replaced("") })
    .node("only", spec as NodeSpec<{ readonly said: string }> & S)
    .build(({ said }) => said);

/** A node that throws these in order, and then is done. */
function failing(errors: readonly unknown[], more: Partial<NodeSpec<{ readonly said: string }>> = {}) {
  let count = 0;
  return only({
    type: "work",
    retry: { maxAttempts: 3, initialMs: 1_000, maxMs: 60_000 },
    run() {
      const error = errors[count++];
      if (error !== undefined) throw error;
      return { summary: "done", patch: { said: `after ${count}` } };
    },
    ...more,
  });
}

describe("testAgent()", () => {
  it("walks a graph to its end and tells each step, with the answer and the state as JSON keeps it", async () => {
    const loop = graph("loop", 1, { trail: appended<number | null>() })
      .node("work", {
        type: "work",
        run: ({ trail }) => ({ summary: `round ${trail.length}`, patch: { trail: [Number.NaN] }, output: { a: 1 } }),
      })
      .node("end", {
        type: "end",
        run(_state, { run, log, canceled }) {
          log.info({}, "nobody reads this");
          return { summary: `for ${run.input.text}`, denied: !canceled() };
        },
      })
      .when("work", ["work", "end"], ({ trail }) => (trail.length < 2 ? "work" : "end"))
      .build(({ trail }) => String(trail.length));
    const run = await testAgent(loop, { input: "ada" });
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: "2", path: ["work", "work", "end"], error: undefined });
    expect(run.state).toEqual({ trail: [null, null] });
    const step = { attempts: 1, waits: [] };
    expect(run.steps).toEqual([
      { ...step, number: 1, node: "work", status: "SUCCEEDED", summary: "round 0", output: { a: 1 } },
      { ...step, number: 2, node: "work", status: "SUCCEEDED", summary: "round 1", output: { a: 1 } },
      { ...step, number: 3, node: "end", status: "DENIED", summary: "for ada", output: null },
    ]);
  });

  it("jumps over waits, and over the time between attempts", async () => {
    const now = new Date("2026-03-01T08:00:00Z");
    const waited = await testAgent(only(wait(hours(0.5))), { now });
    expect([waited.status, waited.tookMs]).toEqual(["SUCCEEDED", HOUR_MS / 2]);
    expect(waited.steps[0]?.waits).toEqual(["2026-03-01T08:30:00.000Z"]);
    const busy = new StepError("STEP_FAILED", "busy");
    const retried = await testAgent(failing([busy, busy]));
    expect(retried).toMatchObject({ status: "SUCCEEDED", answer: "after 3", tookMs: 3_000, steps: [{ attempts: 3 }] });
  });

  it("gives up by the rules of the engine: after so many failures, at once where no other attempt helps", async () => {
    const platform = (code: string, retryable: boolean) => Object.assign(new Error(code), { code, retryable });
    const named = (name: string) => Object.assign(new Error("x"), { name });
    const table: [unknown, string, number][] = [
      [new StepError("STEP_FAILED", "busy"), "STEP_FAILED", 3],
      [new StepError("STEP_REFUSED", "no"), "STEP_REFUSED", 1],
      [platform("MODEL_FAILED", true), "MODEL_FAILED", 3],
      [platform("BAD_INPUT", false), "BAD_INPUT", 1],
      [named("TimeoutError"), "TIMEOUT", 3],
      [named("AbortError"), "CANCELED", 1],
      [new Error("a mistake"), "INTERNAL", 1],
      ["a text", "INTERNAL", 1],
    ];
    for (const [error, code, attempts] of table) {
      const run = await testAgent(failing(Array(9).fill(error)));
      expect(run, code).toMatchObject({
        status: "FAILED",
        answer: undefined,
        error: { code },
        steps: [{ attempts, status: "FAILED" }],
      });
    }
    const rescued = await testAgent(
      failing([new StepError("STEP_REFUSED", "no")], {
        giveUp: (_s, { code }) => ({ summary: code, patch: { said: code } }),
      }),
    );
    expect(rescued).toMatchObject({ status: "SUCCEEDED", answer: "STEP_REFUSED" });
  });

  it("waits out what is only away, and no longer than the run may take", async () => {
    const away = new StepError("UNAVAILABLE", "away");
    expect(await testAgent(failing(Array(20).fill(away)))).toMatchObject({
      status: "SUCCEEDED",
      steps: [{ attempts: 21 }],
    });
    const asked = Object.assign(new Error("later"), { code: "MODEL_FAILED", retryable: true, retryAfterMs: 90_000 });
    expect(await testAgent(failing([asked]))).toMatchObject({ status: "SUCCEEDED", tookMs: 90_000 });
    const late = { status: "CANCELED", error: { message: "the run reached its deadline" }, tookMs: HOUR_MS };
    expect(await testAgent(failing([Object.assign(asked, { retryAfterMs: 2 * HOUR_MS })]))).toMatchObject(late);
    expect(await testAgent(only(wait(hours(2))))).toMatchObject(late);
  });

  it("hands each signal to one step that waits for its name, and stays parked where none comes", async () => {
    const twice = graph("twice", 1, { heard: appended<string>() })
      .node(
        "a",
        waitForSignal("go", { heard: ({ payload }) => ({ summary: "", patch: { heard: [String(payload)] } }) }),
      )
      .node("b", waitForSignal("go", { heard: ({ sentBy }) => ({ summary: "", patch: { heard: [sentBy] } }) }))
      .edge("a", "b")
      .build(({ heard }) => heard.join());
    const signals = [{ name: "other" }, { name: "go", payload: 7 }, { name: "go" }];
    expect(await testAgent(twice, { signals })).toMatchObject({ status: "SUCCEEDED", answer: "7,user:test" });
    const parked = await testAgent(twice, { signals: [{ name: "go" }] });
    expect(parked).toMatchObject({ status: "PARKED", state: { heard: ["null"] }, answer: undefined });
    expect(parked.steps.at(-1)).toMatchObject({ node: "b", status: "PARKED", waits: ["go"] });
    const late = waitForSignal<{ readonly said: string }>("go", {
      until: hours(0.5),
      heard: () => ({ summary: "" }),
      late: () => ({ summary: "late", patch: { said: "late" } }),
    });
    expect(await testAgent(only(late))).toMatchObject({ status: "SUCCEEDED", answer: "late", tookMs: HOUR_MS / 2 });
  });

  it("hands questions to the decisions of the test in order, and other agents to its functions", async () => {
    const ask = approval<{ readonly said: string }>({
      ask: () => ({ question: "Pay?" }),
      approved: ({ decidedBy }) => ({ summary: "", patch: { said: decidedBy } }),
    });
    expect(await testAgent(only(ask), { decisions: [{ approve: true }] })).toMatchObject({ answer: "user:approver" });
    const ada = { approve: false, decidedBy: "user:ada", comment: "no money" };
    const refused = await testAgent(only(ask), { decisions: [ada] });
    expect(refused.steps[0]).toMatchObject({
      status: "FAILED",
      waits: ["Pay?"],
      summary: "refused by user:ada: no money",
    });
    expect(await testAgent(only(ask))).toMatchObject({ status: "PARKED" });
    const call = runAgent<{ readonly said: string }>({
      graph: "other",
      input: () => ({ text: "x" }),
      done: ({ status, answer, error }) => ({ summary: "", patch: { said: `${status} ${answer ?? error?.code}` } }),
    });
    const heard = await testAgent(only(call), { agents: { other: ({ text }) => `heard ${text}` } });
    expect(heard).toMatchObject({ answer: "SUCCEEDED heard x", steps: [{ waits: ["other"] }] });
    const failed = () => ({ status: "FAILED" as const, error: { code: "STEP_REFUSED", message: "no" } });
    expect(await testAgent(only(call), { agents: { other: failed } })).toMatchObject({ answer: "FAILED STEP_REFUSED" });
    const { error } = await testAgent(only(call), {}).catch((thrown: Error) => ({ error: thrown }));
    expect(error?.message).toContain("the run starts the agent other, which the test does not give");
  });

  it("ends a graph that goes round for ever", async () => {
    const round = graph("round", 1, {})
      .node("a", { type: "a", run: () => ({ summary: "" }) })
      .node("end", { type: "a", run: () => ({ summary: "" }) })
      .when("a", ["a", "end"], () => "a")
      .build(() => "");
    const run = await testAgent(round, { run: { tenant: "shop" } });
    expect(run).toMatchObject({ status: "FAILED", error: { code: "LIMIT_EXCEEDED" } });
    expect(run.steps.length).toBe(10_000);
  });
});

describe("testAgent() with branches", () => {
  const item = graph("item", 1, { id: replaced(0), price: replaced(0) })
    .node("price", {
      type: "price",
      run({ id }) {
        if (id === 3) throw new StepError("STEP_REFUSED", "sold out");
        return { summary: "", patch: { price: id * 10 } };
      },
    })
    .node("wait", wait(hours(0.25)))
    .edge("price", "wait")
    .build(() => "");
  const shop = (giveUp: boolean) =>
    graph(
      "shop",
      1,
      { ids: replaced<number[]>([]), sum: replaced(0) },
      { begin: ({ ids }) => ({ ids: ids as number[] }) },
    )
      .node(
        "each",
        map({
          over: ({ ids }) => ids,
          graph: item,
          start: (id) => ({ id }),
          limit: 2,
          join: (ends) => ({ summary: "", patch: { sum: ends.reduce((sum, { price }) => sum + price, 0) } }),
          ...(giveUp ? { giveUp: () => ({ price: 1 }) } : {}),
        }),
      )
      .build(({ sum }) => String(sum));

  it("runs each branch, tells its steps with their path, and takes the time of the longest lane", async () => {
    const run = await testAgent(shop(false), { input: { ids: [1, 2, 4] } });
    expect(run).toMatchObject({ status: "SUCCEEDED", answer: "70", tookMs: HOUR_MS / 2 });
    const nodes = [0, 1, 2].flatMap((key) => [`each[${key}]/price`, `each[${key}]/wait`]);
    expect(run.path).toEqual(["each", ...nodes]);
    expect(await testAgent(shop(false), { input: { ids: [] } })).toMatchObject({ answer: "0", tookMs: 0 });
  });

  it("fails with a branch that fails, unless that is given up", async () => {
    const input = { ids: [1, 3, 2] };
    expect(await testAgent(shop(true), { input })).toMatchObject({ status: "SUCCEEDED", answer: "31" });
    const failed = await testAgent(shop(false), { input });
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "STEP_REFUSED", message: "sold out" } });
    expect(failed.steps[0]).toMatchObject({ node: "each", status: "FAILED" });
  });

  it("parks where a branch waits for a signal that does not come, after the others, and is canceled at the deadline", async () => {
    const heard = graph("heard", 1, {})
      .node("hear", waitForSignal("go", { heard: () => ({ summary: "" }) }))
      .build(() => "");
    const late = graph("late", 1, {})
      .node("wait", wait(hours(2)))
      .build(() => "");
    const both = (second: typeof heard) =>
      graph("both", 1, {}, { timeoutMs: HOUR_MS })
        .node(
          "both",
          parallel({ branches: { a: { graph: heard }, b: { graph: second } }, join: () => ({ summary: "" }) }),
        )
        .build(() => "");
    const parked = await testAgent(both(heard), { signals: [{ name: "go" }] });
    expect(parked).toMatchObject({ status: "PARKED", path: ["both", "both[a]/hear", "both[b]/hear"] });
    expect(await testAgent(both(late), { signals: [{ name: "go" }] })).toMatchObject({ status: "CANCELED" });
    const one = graph("one", 1, {})
      .node("sub", subgraph({ graph: heard, join: () => ({ summary: "" }) }))
      .build(() => "");
    expect((await testAgent(one)).path).toEqual(["sub", "sub/hear"]);
  });
});

it("testAgent() takes what an agent declares of its input, without a text too, and refuses the rest as startRun() does", async () => {
  const pay = graph("pay", 1, { said: replaced("") }, { input: Type.Object({ amount: Type.Number() }) })
    .node("pay", {
      type: "tool",
      run: (_state, { run }) => ({ summary: "", patch: { said: `${run.input.amount} paid` } }),
    })
    .build(({ said }) => said);
  expect(await testAgent(pay, { input: { amount: 3 } })).toMatchObject({ answer: "3 paid" });
  await expect(testAgent(pay, { input: { amount: "3" } })).rejects.toThrow(
    "graph pay does not take this input: /amount must be number",
  );
});
