import { payloadOf } from "@soma/schemas/run-history";
import { askModel, callTools, wantsTools } from "@soma/sdk/ask-model";
import { map } from "@soma/sdk/branches";
import { callTool } from "@soma/sdk/call-tool";
import { type AnyGraph, appended, graph, replaced } from "@soma/sdk/graph";
import type { ChatMessage } from "@soma/sdk/model-client";
import { StepError } from "@soma/sdk/step-error";
import { type TestAgentParams, testAgent } from "@soma/sdk/test-agent";
import { createTestServices } from "@soma/sdk/testing/services";
import { wait, waitForSignal } from "@soma/sdk/wait";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signalRun } from "../commands/signal-run.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const MINUTE_MS = 60_000;
const soon = { maxAttempts: 3, initialMs: 1, maxMs: 2 };

/** Throws the first `count` times it is run for a run, as a service does that comes back. */
function failsFirst(count: number, error: () => Error) {
  const seen = new Map<string, number>();
  return (run: { runId: string }): void => {
    const times = (seen.get(run.runId) ?? 0) + 1;
    seen.set(run.runId, times);
    if (times <= count) throw error();
  };
}

const talker = graph("talker", 1, { talk: appended<ChatMessage>(), answer: replaced("") })
  .node("ask", askModel({ tools: ["find", "pay"], into: (text) => ({ answer: text }) }))
  .node("call", callTools())
  .node("end", { type: "end", pure: true, run: () => ({ summary: "" }) })
  .when("ask", ["call", "end"], (state) => (wantsTools(state) ? "call" : "end"))
  .when("call", ["call", "ask"], (state) => (wantsTools(state) ? "call" : "ask"))
  .build(({ answer }) => answer);

const throwing = (name: string, error: () => Error, count: number, giveUp = false) => {
  const maybeThrow = failsFirst(count, error);
  return graph(name, 1, { said: replaced("") })
    .node("work", {
      type: "work",
      retry: soon,
      run(_state, { run }) {
        maybeThrow(run);
        return { summary: "done", patch: { said: "good" } };
      },
      ...(giveUp
        ? { giveUp: (_s: unknown, { code }: { code: string }) => ({ summary: "", patch: { said: code } }) }
        : {}),
    })
    .build(({ said }) => said);
};

const tool = (name: string, tries = 1) =>
  graph(name, 1, { said: replaced("") })
    .node("call", {
      ...callTool<{ readonly said: string }>("find", { args: () => ({ id: 1 }), into: (said) => ({ said }), tries }),
      retry: soon,
    })
    .build(({ said }) => said);

const patient = graph("patient", 1, { said: replaced("") })
  .node(
    "wait",
    wait((_state, { now }) => new Date(now().getTime() + 10 * MINUTE_MS)),
  )
  .node("hear", waitForSignal("go", { heard: ({ payload }) => ({ summary: "", patch: { said: String(payload) } }) }))
  .edge("wait", "hear")
  .build(({ said }) => said);

const item = graph("item", 1, { id: replaced(0) })
  .node("work", {
    type: "work",
    run({ id }) {
      if (id === 3) throw new StepError("STEP_REFUSED", "sold out");
      return { summary: "", patch: { id: id * 10 } };
    },
  })
  .node("end", { type: "end", pure: true, run: () => ({ summary: "" }) })
  .edge("work", "end")
  .build(() => "");

const shop = (name: string, giveUp: boolean) =>
  graph(name, 1, { sum: replaced(0) })
    .node(
      "each",
      map({
        over: () => [1, 2, 3],
        graph: item,
        start: (id) => ({ id }),
        limit: 1,
        join: (ends) => ({ summary: "", patch: { sum: ends.reduce((sum, { id }) => sum + id, 0) } }),
        ...(giveUp ? { giveUp: () => ({ id: 7 }) } : {}),
      }),
    )
    .build(({ sum }) => String(sum));

const failed = () => new StepError("STEP_FAILED", "busy");
const broken = () => {
  throw new Error("broken");
};
const find = {
  calls: [
    { tool: "find", args: { id: 1 } },
    { tool: "pay", args: {} },
  ],
};

/** One agent each, and what its world does. */
const CASES: [AnyGraph, Omit<TestAgentParams, "now">][] = [
  [talker, { model: [find, "done"], tools: { find: () => "found", pay: () => "paid" }, denied: ["pay"] }],
  [throwing("twice", failed, 2), {}],
  [throwing("for-ever", failed, 9), {}],
  [throwing("refused", () => new StepError("STEP_REFUSED", "no"), 1), {}],
  [throwing("mistaken", () => new Error("oops"), 1), {}],
  [throwing("given-up", failed, 9, true), {}],
  [throwing("away", () => new StepError("UNAVAILABLE", "away"), 5), {}],
  [tool("called"), { tools: { find: () => "found" } }],
  [tool("denied"), { tools: { find: () => "found" }, denied: ["find"] }],
  [tool("tried", 3), { tools: { find: broken } }],
  [shop("shop", true), {}],
  [shop("sold-out", false), {}],
  [patient, { signals: [{ name: "go", payload: 7 }] }],
];

let engine: EngineHarness;
const worlds = new Map<string, ReturnType<typeof createTestServices>["services"]>();

beforeAll(async () => {
  engine = await createEngineHarness(
    CASES.map(([agent]) => agent),
    {
      services({ run }) {
        const known = worlds.get(run.graph);
        if (known === undefined) throw new Error(`the test has no world for ${run.graph}`);
        return known;
      },
    },
  );
  await engine.startWorker();
});
afterAll(() => engine.close());

const ENDS: Partial<Record<string, string>> = {
  STEP_SUCCEEDED: "SUCCEEDED",
  STEP_DENIED: "DENIED",
  STEP_FAILED: "FAILED",
};

/** A step that branches run in ends after theirs, and begins before them. */
const byNode = (a: { node: string | null }, b: { node: string | null }) =>
  (a.node ?? "") < (b.node ?? "") ? -1 : Number(a.node !== b.node);

/** What the engine's own history says of a run, in the words of testAgent(). */
function told(events: readonly HistoryEvent[]) {
  const steps = events
    .filter(({ kind }) => ENDS[kind] !== undefined)
    .map(({ node, kind, attempt, step }) => {
      const waits = events.filter((event) => event.kind === "STEP_PARKED" && event.step === step).length;
      return { node, status: ENDS[kind], attempts: attempt, waits };
    });
  steps.sort(byNode);
  const last = events.at(-1);
  if (last?.kind === "RUN_SUCCEEDED")
    return { status: "SUCCEEDED", steps, end: payloadOf(last.kind, last.payload).answer };
  if (last?.kind === "RUN_FAILED")
    return { status: "FAILED", steps, end: payloadOf(last.kind, last.payload).error.code };
  throw new Error(`the run ended with ${last?.kind}`);
}

it.each(CASES)("testAgent() tells of $name what the engine's history tells", async (agent, params) => {
  worlds.set(agent.name, createTestServices({ ...params, now: () => new Date() }).services);
  const { runId } = await engine.start({ graph: agent.name, input: { text: "x" } });
  for (const { name, payload = null } of params.signals ?? [])
    await signalRun(engine.database.request, aPrincipal(), { runId, name, payload, idempotencyKey: name });
  if (agent === patient) {
    await until("it waits", async () => (await engine.find(runId))?.status === 2);
    await engine.skipWait(runId, 10 * MINUTE_MS);
  }
  engine.wakeUp.changed(WORK_WAITS);
  await engine.finished(runId);
  const tested = await testAgent(agent, { input: "x", ...params });
  const steps = tested.steps.map(({ node, status, attempts, waits }) => ({
    node,
    status,
    attempts,
    waits: waits.length,
  }));
  steps.sort(byNode);
  expect({ status: tested.status, steps, end: tested.answer ?? tested.error?.code }).toEqual(
    told(await engine.history(runId)),
  );
});
