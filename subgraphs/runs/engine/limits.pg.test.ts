import { subgraph } from "@soma/sdk/branches";
import { type AnyGraph, appended, graph, replaced } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const pure = { type: "branch" as const, pure: true };

const endless = graph("endless", 1, {})
  .node("again", { ...pure, run: () => ({ summary: "" }) })
  .node("end", { ...pure, run: () => ({ summary: "" }) })
  .when("again", ["again", "end"], () => "again")
  .build(() => "");

const grows = graph("grows", 1, { text: appended<string>() })
  .node("again", { ...pure, run: () => ({ summary: "", patch: { text: ["x".repeat(300)] } }) })
  .node("end", { ...pure, run: () => ({ summary: "" }) })
  .when("again", ["again", "end"], ({ text }) => (text.length < 100 ? "again" : "end"))
  .build(() => "");

/** What replaces itself does not add up. */
const steady = graph("steady", 1, { text: replaced(""), left: replaced(20) })
  .node("again", { ...pure, run: ({ left }) => ({ summary: "", patch: { text: "x".repeat(300), left: left - 1 } }) })
  .node("end", { ...pure, run: () => ({ summary: "" }) })
  .when("again", ["again", "end"], ({ left }) => (left > 0 ? "again" : "end"))
  .build(() => "steady");

const within = (name: string, inner: AnyGraph): AnyGraph =>
  graph(name, 1, {})
    .node("sub", subgraph({ graph: inner, join: () => ({ summary: "" }) }))
    .build(() => "");
const deep = ["d", "c", "b", "a"].reduce((inner, name) => within(`deep-${name}`, inner), endless as AnyGraph);

/** Hangs in its first attempt and hears that it is given up; the second one goes well. */
const slow = graph("slow", 1, { told: replaced("") })
  .node("hangs", {
    type: "tool",
    timeoutMs: 50,
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 1 },
    run(_state, { attempt, signal }) {
      if (attempt === 2) return { summary: "in time", patch: { told: "in time" } };
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("given up")));
      });
    },
  })
  .build(({ told }) => told);

const refund = graph(
  "refund",
  1,
  { amount: replaced(0) },
  {
    timeoutMs: 7 * 86_400_000,
    begin({ amount }) {
      if (typeof amount !== "number") throw new Error("amount is not a number");
      return { amount };
    },
  },
)
  .node("pay", { type: "tool", run: ({ amount }) => ({ summary: "", patch: { amount: amount * 2 } }) })
  .build(({ amount }) => `paid ${amount}`);

describe("the limits of a run", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    const limits = { maxSteps: 50, maxStateBytes: 2_000, maxDepth: 4 };
    harness = await createEngineHarness([endless, grows, steady, deep, slow, refund], { limits });
    await harness.startWorker();
  });
  afterAll(() => harness.close());

  it.each([
    ["endless", /made 50 steps without coming to an end \(SOMA_RUN_MAX_STEPS\)/],
    ["grows", /the state of graph grows has 2\d{3} bytes, and a run may keep 2000 \(SOMA_RUN_MAX_STATE_BYTES\)/],
    ["deep-a", /5 graphs within each other, and a run may have 4 \(SOMA_RUN_MAX_DEPTH\)/],
  ])("end a run of %s with the name of the setting", async (name, message) => {
    const { runId } = await harness.start({ graph: name });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect((await harness.history(runId)).at(-1)?.payload).toMatchObject({
      error: { code: "LIMIT_EXCEEDED", message: expect.stringMatching(message) },
    });
  });

  it("count what the state has, not what was ever written into it", async () => {
    const { runId } = await harness.start({ graph: "steady" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
  });

  it("end an attempt that takes longer than its node says, and the next one is tried", async () => {
    const { runId } = await harness.start({ graph: "slow" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    const retried = (await harness.history(runId)).find(({ kind }) => kind === "STEP_RETRIED");
    expect(retried?.payload).toMatchObject({
      error: { code: "TIMEOUT", message: "the node hangs took longer than its 50 ms" },
    });
  });

  it("are those of its graph, and it begins with what its graph makes of the input", async () => {
    const run = await harness.start({ graph: "refund", input: { amount: 21 } });
    expect(
      await harness.database.owner`
      select extract(day from deadline - created_at)::int as days from run where run_id = ${run.runId}`,
    ).toEqual([{ days: 7 }]);
    await harness.finished(run.runId);
    expect((await harness.history(run.runId)).at(-1)?.payload).toEqual({ answer: "paid 42" });
    await expect(harness.start({ graph: "refund", input: { text: "all of it" } })).rejects.toThrow(
      new SomaError("BAD_INPUT", "graph refund does not take this input: amount is not a number"),
    );
  });
});
