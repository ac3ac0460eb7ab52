import { map, parallel, subgraph } from "@soma/sdk/branches";
import { appended, graph, replaced } from "@soma/sdk/graph";
import { SomaError } from "@soma/shared/errors";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { pauseRun } from "../commands/pause-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { toSteps } from "../domain/steps.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

/** What the items of a list do: each step says so before, and waits for its gate where a test has put one. */
const items = {
  began: [] as string[],
  gates: new Map<string, Promise<void>>(),
  faults: new Map<string, SomaError>(),
  atWork: 0,
  most: 0,
};

async function work(item: string, signal: AbortSignal): Promise<void> {
  items.began.push(item);
  items.atWork += 1;
  items.most = Math.max(items.most, items.atWork);
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new SomaError("CANCELED", "stopped")));
  });
  await Promise.race([items.gates.get(item) ?? new Promise((resolve) => setImmediate(resolve)), stopped]).finally(
    () => {
      items.atWork -= 1;
    },
  );
  const fault = items.faults.get(item);
  if (fault !== undefined) throw fault;
}

const one = graph("one", 1, { item: replaced(""), done: appended<string>() })
  .node("fetch", {
    type: "tool",
    async run({ item }, { signal }) {
      await work(item, signal);
      return { summary: `fetched ${item}`, patch: { done: [`fetched ${item}`] } };
    },
  })
  .edge("fetch", "note")
  .node("note", { type: "branch", pure: true, run: () => ({ summary: "noted", patch: { done: ["noted"] } }) })
  .build(({ item }) => item);

const list = graph("list", 1, { items: replaced(["a", "b", "c", "d", "e"]), out: replaced<string[]>([]) })
  .node(
    "each",
    map({
      over: (state) => state.items,
      graph: one,
      start: (item) => ({ item }),
      limit: 2,
      join: (ends) => ({ summary: "all", patch: { out: ends.map(({ item, done }) => `${item}: ${done.join(", ")}`) } }),
    }),
  )
  .build((state) => state.out.join("; "));

const lenient = graph("lenient", 1, { out: replaced<string[]>([]) })
  .node(
    "each",
    map({
      over: () => ["a", "bad", "c"],
      graph: one,
      start: (item) => ({ item }),
      join: (ends) => ({ summary: "all", patch: { out: ends.map(({ done }) => done.join(", ")) } }),
      giveUp: ({ code }, index) => ({ done: [`item ${index} ${code}`] }),
    }),
  )
  .build((state) => state.out.join("; "));

const strict = graph("strict", 1, {})
  .node(
    "each",
    map({
      over: () => ["slow", "bad"],
      graph: one,
      start: (item) => ({ item }),
      join: () => ({ summary: "never" }),
    }),
  )
  .build(() => "");

const inner = graph("inner", 1, { n: replaced(0) })
  .node(
    "both",
    parallel({
      branches: { x: { graph: one, start: () => ({ item: "x" }) }, y: { graph: one, start: () => ({ item: "y" }) } },
      join: () => ({ summary: "both", patch: { n: 2 } }),
    }),
  )
  .build(({ n }) => String(n));
const nested = graph("nested", 1, { rounds: replaced(0), total: replaced(0) })
  .node(
    "sub",
    subgraph({
      graph: inner,
      join: ({ n }, { rounds, total }) => ({ summary: "", patch: { rounds: rounds + 1, total: total + n } }),
    }),
  )
  .when("sub", ["sub", "end"], ({ rounds }) => (rounds < 3 ? "sub" : "end"))
  .node("end", { type: "branch", pure: true, run: () => ({ summary: "" }) })
  .build(({ total }) => String(total));

const empty = graph("empty", 1, { out: replaced("nothing yet") })
  .node(
    "each",
    map({
      over: () => [] as string[],
      graph: one,
      start: () => ({}),
      join: (ends) => ({ summary: "", patch: { out: `${ends.length} items` } }),
    }),
  )
  .build(({ out }) => out);

const wide = graph("wide", 1, {})
  .node(
    "each",
    map({
      over: () => Array.from({ length: 11 }, (_, n) => String(n)),
      graph: one,
      start: (item) => ({ item }),
      join: () => ({ summary: "" }),
    }),
  )
  .build(() => "");

function gate(item: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  items.gates.set(item, promise);
  return resolve;
}

describe("a step with branches", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    const graphs = [list, lenient, strict, nested, empty, wide];
    harness = await createEngineHarness(graphs, { limits: { maxBranches: 10 } });
  });
  beforeEach(() => {
    Object.assign(items, { began: [], gates: new Map(), faults: new Map(), atWork: 0, most: 0 });
  });
  afterAll(() => harness.close());

  const kindsOf = async (runId: string, step: string): Promise<string[]> =>
    (await harness.history(runId)).filter(({ node }) => node === step).map(({ kind }) => kind);
  const statusOf = (runId: string, status: keyof typeof RUN_STATUS): Promise<object> =>
    until(`${runId} is ${status}`, async () => {
      const run = await harness.find(runId);
      return run?.status === RUN_STATUS[status].code ? run : undefined;
    });
  const answerOf = async (runId: string): Promise<unknown> => {
    await harness.finished(runId);
    return (await harness.history(runId)).at(-1)?.payload.answer;
  };

  it("runs as many branches at a time as its node says, and joins their last states in order", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "list" });
    expect(await answerOf(runId)).toBe(
      ["a", "b", "c", "d", "e"].map((item) => `${item}: fetched ${item}, noted`).join("; "),
    );
    expect(items.most).toBe(2);
    const steps = toSteps(await harness.history(runId));
    expect(steps).toHaveLength(11);
    expect(new Set(steps.map(({ id }) => id)).size).toBe(11);
    expect(steps.map(({ nodeId }) => nodeId)).toEqual(
      expect.arrayContaining(["each", "each[0]/fetch", "each[4]/note"]),
    );
    await life.close();
  });

  it("does nothing again that a branch has done when its worker dies", async () => {
    const open = gate("c");
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "list" });
    await until(
      "b is noted and c has begun",
      async () =>
        (await kindsOf(runId, "each[1]/note")).length > 0 && items.began.includes("c") && items.began.includes("e"),
    );
    await until("all but c are done", async () => (await kindsOf(runId, "each[4]/note")).length > 0);
    await first.kill();
    open();
    items.gates.clear();
    const second = await harness.startWorker();
    expect(await answerOf(runId)).toContain("c: fetched c, noted");
    expect(items.began.toSorted()).toEqual(["a", "b", "c", "c", "d", "e"]);
    expect(await kindsOf(runId, "each[2]/fetch")).toEqual(["STEP_STARTED", "STEP_STARTED", "STEP_SUCCEEDED"]);
    await second.life.close();
  });

  it("gives a branch up that failed where its node says so, and the others go on", async () => {
    items.faults.set("bad", new SomaError("BAD_INPUT", "no such page"));
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "lenient" });
    expect(await answerOf(runId)).toBe("fetched a, noted; item 1 BAD_INPUT; fetched c, noted");
    expect(await kindsOf(runId, "each[1]/fetch")).toEqual(["STEP_STARTED", "STEP_FAILED"]);
    await life.close();
  });

  it("stops the branches beside one that failed, and fails with it", async () => {
    gate("slow");
    items.faults.set("bad", new SomaError("BAD_INPUT", "no such page"));
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "strict" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect(
      toSteps(await harness.history(runId)).map(({ nodeId, status, error }) => [nodeId, status, error?.message]),
    ).toEqual([
      ["each", "FAILED", "no such page"],
      ["each[0]/fetch", "CANCELED", "a branch beside it failed"],
      ["each[1]/fetch", "FAILED", "no such page"],
    ]);
    expect((await harness.history(runId)).at(-1)?.payload).toMatchObject({ error: { message: "no such page" } });
    await life.close();
  });

  it("cancels every branch with its run", async () => {
    gate("a");
    gate("b");
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "list" });
    await until("two have begun", async () => items.began.length === 2);
    await cancelRun(harness.database.request, aPrincipal(), { runId, idempotencyKey: "cancel" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    expect(toSteps(await harness.history(runId)).map(({ nodeId, status }) => [nodeId, status])).toEqual([
      ["each", "CANCELED"],
      ["each[0]/fetch", "CANCELED"],
      ["each[1]/fetch", "CANCELED"],
    ]);
    await life.close();
  });

  it("rests when its run is paused, after the steps that are under way", async () => {
    const open = [gate("a"), gate("b")];
    const ask = (pause: boolean) =>
      pauseRun(harness.database.request, aPrincipal(), { runId, pause, idempotencyKey: "p" });
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "list" });
    await until("two have begun", async () => items.began.length === 2);
    await ask(true);
    for (const each of open) each();
    await statusOf(runId, "PAUSED");
    expect(items.began).not.toContain("e");
    await ask(false);
    expect(await answerOf(runId)).toContain("e: fetched e, noted");
    expect(items.began.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    await life.close();
  });

  it("can stand in another graph, and come again", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "nested" });
    expect(await answerOf(runId)).toBe("6");
    expect(items.began.toSorted()).toEqual(["x", "x", "x", "y", "y", "y"]);
    expect(await kindsOf(runId, "sub/both[x]/fetch")).toHaveLength(6);
    await life.close();
  });

  it("goes on at once without a branch, and is refused with too many", async () => {
    const { life } = await harness.startWorker();
    expect(await answerOf((await harness.start({ graph: "empty" })).runId)).toBe("0 items");
    const { runId } = await harness.start({ graph: "wide" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect((await harness.history(runId)).at(-1)?.payload).toMatchObject({
      error: { code: "LIMIT_EXCEEDED", message: expect.stringContaining("11 branches, and a step may have 10") },
    });
    await life.close();
  });
});
