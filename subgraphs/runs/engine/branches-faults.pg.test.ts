import { map } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { waitForSignal } from "@soma/sdk/wait";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { pauseRun } from "../commands/pause-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOf } from "../testing/history-oracle.ts";

const bench = { began: [] as string[], atWork: 0, most: 0, open: () => {}, gate: Promise.resolve() };

const one = graph("one", 1, { item: replaced("") })
  .node("work", {
    type: "tool",
    async run({ item }) {
      bench.began.push(item);
      bench.atWork += 1;
      bench.most = Math.max(bench.most, bench.atWork);
      // Deaf to its signal: it ends when it is done.
      if (Number(item) >= 4) await bench.gate;
      bench.atWork -= 1;
      return { summary: item };
    },
  })
  .build(({ item }) => item);

const eight = graph("eight", 1, {})
  .node(
    "each",
    map({
      over: () => Array.from({ length: 8 }, (_, index) => String(index)),
      graph: one,
      start: (item) => ({ item }),
      limit: 2,
      join: () => ({ summary: "all" }),
    }),
  )
  .build(() => "eight");

const ear = graph("ear", 1, { heard: replaced("") })
  .node("hear", waitForSignal("word", { heard: ({ payload }) => ({ summary: "", patch: { heard: String(payload) } }) }))
  .build(({ heard }) => heard);
const ears = graph("ears", 1, { heard: replaced<string[]>([]) })
  .node(
    "both",
    map({
      over: () => [1, 2],
      graph: ear,
      start: () => ({}),
      join: (ends) => ({ summary: "", patch: { heard: ends.map(({ heard }) => heard) } }),
    }),
  )
  .build(({ heard }) => heard.join(" "));

describe("a step with branches", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([eight, ears]);
  });
  beforeEach(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(bench, { began: [], atWork: 0, most: 0, open: resolve, gate: promise });
  });
  afterAll(() => harness.close());

  it("has no more of them under way after a take-over than its node says", async () => {
    const first = await harness.startWorker();
    const { runId } = await harness.start({ graph: "eight" });
    await until("two hang", () => bench.began.includes("4") && bench.began.includes("5"));
    const gone = first.kill();
    Object.assign(bench, { atWork: 0, most: 0 });
    const second = await harness.startWorker();
    await until("they have begun again", () => bench.began.filter((item) => item === "5").length === 2);
    bench.open();
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(bench.most).toBeLessThanOrEqual(2);
    expect(faultsOf(await harness.history(runId))).toEqual([]);
    await gone;
    await second.life.close();
  });

  it("gives a signal to one of two that wait for its name", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "ears" });
    const kinds = async () => (await harness.history(runId)).map(({ kind }) => kind);
    const say = (payload: string) =>
      signalRun(harness.database.request, aPrincipal(), { runId, name: "word", payload, idempotencyKey: payload });
    await until("both wait", async () => (await kinds()).filter((kind) => kind === "STEP_PARKED").length === 2);
    await say("one");
    await until("one has heard", async () => (await kinds()).includes("STEP_SUCCEEDED"));
    await until("it is parked again", async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code);
    expect((await kinds()).filter((kind) => kind === "STEP_WOKEN")).toHaveLength(1);
    await say("two");
    await harness.finished(runId);
    const answer = (await harness.history(runId)).at(-1)?.payload.answer;
    expect(String(answer).split(" ").toSorted()).toEqual(["one", "two"]);
    await life.close();
  });

  it("is not at its end because its worker stops while branches have not begun", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "eight" });
    await until("two hang", () => bench.began.includes("4") && bench.began.includes("5"));
    await pauseRun(harness.database.request, aPrincipal(), { runId, pause: true, idempotencyKey: "p" });
    const closed = life.close();
    bench.open();
    await closed;
    const { life: next } = await harness.startWorker();
    await until("it is paused", async () => (await harness.find(runId))?.status === RUN_STATUS.PAUSED.code);
    await pauseRun(harness.database.request, aPrincipal(), { runId, pause: false, idempotencyKey: "g" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(new Set(bench.began).size).toBe(8);
    await next.close();
  });

  it("is not at its end because its run was canceled before the last branches began", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "eight" });
    await until("two hang", () => bench.began.includes("4") && bench.began.includes("5"));
    await cancelRun(harness.database.request, aPrincipal(), { runId, idempotencyKey: "c" });
    await until("it has heard", async () =>
      (await harness.history(runId)).some(({ kind }) => kind === "RUN_CANCEL_REQUESTED"),
    );
    bench.open();
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.CANCELED.code);
    expect(faultsOf(await harness.history(runId))).toEqual([]);
    await life.close();
  });
});
