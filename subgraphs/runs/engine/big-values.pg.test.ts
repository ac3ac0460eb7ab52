import { canonicalJson } from "@soma/schemas/json";
import { graph, replaced } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import { type BreakableProxy, createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";
import { recordStatements } from "@soma/shared/postgres/testing/record-statements";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forkRun } from "../commands/fork-run.ts";
import { rollbackRun } from "../commands/rollback-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { listRuns } from "../store/list-runs.ts";
import { readEarlierTurns } from "../store/read-earlier-turns.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { verifiedHead } from "../testing/verified.ts";
import { stateAt } from "./execute/state-at.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const STEPS = 100;
const DOCUMENT = "d".repeat(20_000);
const QUESTION = "q".repeat(30_000);
const NEWS = { text: "n".repeat(50_000), "soma:big": "mine" };
/** What a user may write that looks like a note of ours. */
const FORGED = { "soma:big": [["0".repeat(64), "patch"]] };

/** Called by the step in the middle. */
let midway: () => void | Promise<void> = () => {};
const carrying = graph("carrying", 1, { doc: replaced(""), count: replaced(0) })
  .node("carry", {
    type: "tool",
    pure: true,
    async run({ count }) {
      if (count === STEPS / 2) await midway();
      return { patch: { doc: DOCUMENT, count: count + 1 }, output: { doc: DOCUMENT }, summary: "carried" };
    },
  })
  .node("end", { type: "tool", run: () => ({ summary: "done" }) })
  .when("carry", ["carry", "end"], ({ count }) => (count < STEPS ? "carry" : "end"))
  .build(({ count, doc }) => `${count} ${doc.length}`);

const echo = graph("echo", 1, { told: replaced(""), more: replaced({}) })
  .node("tell", {
    type: "tool",
    run: (_, { run }) => ({ patch: { told: String(run.input.text), more: FORGED }, output: FORGED, summary: "told" }),
  })
  .node("end", { type: "tool", run: () => ({ summary: "done" }) })
  .edge("tell", "end")
  .build(({ told }) => told);

const listener = graph("listener", 1, { heard: replaced("") })
  .node(
    "listen",
    waitForSignal("news", { heard: ({ payload }) => ({ summary: "", patch: { heard: canonicalJson(payload) } }) }),
  )
  .build(({ heard }) => heard);

const boss = graph("boss", 1, { told: replaced("") })
  .node(
    "delegates",
    runAgent({
      graph: "echo",
      input: () => ({ text: QUESTION }),
      done: ({ answer }) => ({ summary: "", patch: { told: answer ?? "" } }),
    }),
  )
  .build(({ told }) => told);

describe("big values of histories", () => {
  const graphs = [carrying, echo, listener, boss];
  const server = process.env.SOMA_TEST_DATABASE_URL;
  let proxy: BreakableProxy;
  let statements: string[];
  let harness: EngineHarness;
  beforeAll(async () => {
    proxy = await createBreakableProxy(server ?? "");
    statements = recordStatements(proxy);
    process.env.SOMA_TEST_DATABASE_URL = proxy.url;
    harness = await createEngineHarness(graphs);
  });
  afterAll(async () => {
    process.env.SOMA_TEST_DATABASE_URL = server;
    await harness.close();
    await proxy.close();
  });

  const deps = () => ({
    ...{ sql: harness.database.request, admission: harness.admission, graphs: createGraphRegistry(graphs) },
    now: () => new Date(),
  });
  const woken = <T>(asked: Promise<T>): Promise<T> => asked.finally(() => harness.wakeUp.changed(WORK_WAITS));
  const valuesOf = (runId: string, tenant = "acme") =>
    harness.database.owner<{ tenant: string; bytes: number }[]>`
      select v.tenant, length(v.value::text) as bytes from big_value_use u join big_value v using (tenant, hash)
       where u.run_id = ${runId} and u.tenant = ${tenant} order by bytes`;
  const largestRow = async (runId: string): Promise<number> => {
    const [row] = await harness.database.owner<{ bytes: number }[]>`
      select greatest(max(length(j.payload::text)), max(length(r.input::text))) as bytes from journal j join run r using (run_id) where run_id = ${runId}`;
    return row?.bytes ?? 0;
  };
  const verified = async (runId: string): Promise<number> => (await verifiedHead(harness, runId)).seq;
  const answer = async (runId: string): Promise<unknown> => {
    expect((await harness.finished(runId)).status).toBe(10);
    return (await harness.history(runId)).at(-1)?.payload.answer;
  };

  it("a value that a hundred steps carry is kept once, sent once by each owner, and read once for a page", async () => {
    const first = await harness.startWorker();
    const reached = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    midway = () => {
      reached.resolve();
      return over.promise;
    };
    const { runId } = await harness.start({ graph: "carrying" });
    await reached.promise;
    midway = () => {};
    await until("what came before is durable", async () => {
      const rows = await harness.database.owner`select from journal where run_id = ${runId}`;
      return rows.length >= STEPS / 2;
    });
    const killed = first.kill();
    over.resolve();
    await killed;
    const second = await harness.startWorker();
    expect(await answer(runId)).toBe(`${STEPS} ${DOCUMENT.length}`);
    await second.life.close();

    expect(await valuesOf(runId)).toEqual([{ tenant: "acme", bytes: DOCUMENT.length + 2 }]);
    expect(await largestRow(runId)).toBeLessThan(2_000);
    expect(statements.filter((text) => text.includes("with appended as"))).toHaveLength(2);
    statements.length = 0;
    const events = await harness.history(runId);
    expect(statements.flatMap((text) => /select .*?from (\w+)/s.exec(text)?.[1] ?? [])).toEqual(["lineage", "unnest"]);
    expect(events.filter(({ payload }) => (payload.output as { doc?: string })?.doc === DOCUMENT)).toHaveLength(STEPS);
    expect(await verified(runId)).toBe(events.length);
    expect(stateAt(carrying, events, events.length)).toEqual({ doc: DOCUMENT, count: STEPS });
  });

  it("an input that is large is kept once for the run, its children and its forks, and each has it whole", async () => {
    const worker = await harness.startWorker();
    const input = { text: QUESTION, ...FORGED };
    const started = await harness.start({ graph: "echo", input });
    expect(started.input).toEqual(input);
    expect(await answer(started.runId)).toBe(QUESTION);
    expect((await harness.find(started.runId))?.input).toEqual(input);
    expect((await harness.history(started.runId))[0]?.payload.input).toEqual(input);
    const atSeq = (await harness.history(started.runId)).find(({ kind }) => kind === "STEP_SUCCEEDED")?.seq ?? 0;

    const fork = await woken(forkRun(deps(), aPrincipal(), { runId: started.runId, atSeq, idempotencyKey: newId() }));
    expect(fork.input).toEqual(input);
    expect(await answer(fork.runId)).toBe(QUESTION);
    await woken(rollbackRun(deps(), aPrincipal(), { runId: started.runId, toSeq: 1, idempotencyKey: newId() }));
    expect(await answer(started.runId)).toBe(QUESTION);
    const above = await harness.start({ graph: "boss", input: { text: QUESTION } });
    expect(await answer(above.runId)).toBe(QUESTION);
    await worker.life.close();

    const runs = await transaction(harness.database.request, { tenant: "acme" }, (tx) =>
      listRuns(tx, { tenant: "acme", graph: "echo", oldestFirst: true, limit: 9 }),
    );
    expect(runs.map(({ input: given }) => (given as typeof input).text.length)).toEqual([30_000, 30_000, 30_000]);
    for (const { runId } of [...runs, above]) {
      const history = await harness.history(runId);
      expect(await verified(runId)).toBe(history.length);
      expect(await largestRow(runId)).toBeLessThan(2_000);
      expect((await valuesOf(runId)).filter(({ bytes }) => bytes === QUESTION.length + 2)).toHaveLength(1);
    }
    const [{ sessionId = "", runId: beforeRunId = "" } = {}] = runs;
    const cut = `${QUESTION.slice(0, 8_000)}\n[... 14000 characters left out ...]\n${QUESTION.slice(0, 8_000)}`;
    const turns = { tenant: "acme", sessionId, beforeRunId: `f${beforeRunId.slice(1)}`, limit: 2 };
    expect(await transaction(harness.database.worker, {}, (tx) => readEarlierTurns(tx, turns))).toMatchObject([
      { user: cut, assistant: cut },
    ]);
  });

  it("a signal is heard as it was sent, and kept once with the event that tells of it", async () => {
    const worker = await harness.startWorker();
    const { runId } = await harness.start({ graph: "listener" });
    const idempotencyKey = newId();
    await woken(
      signalRun(harness.database.request, aPrincipal(), { runId, name: "news", payload: NEWS, idempotencyKey }),
    );
    expect(await answer(runId)).toBe(canonicalJson(NEWS));
    expect(await verified(runId)).toBeGreaterThan(0);
    const [row] = await harness.database
      .owner`select length(payload::text) as bytes from signal where run_id = ${runId}`;
    expect(row?.bytes).toBeLessThan(200);
    await worker.life.close();
  });
});
