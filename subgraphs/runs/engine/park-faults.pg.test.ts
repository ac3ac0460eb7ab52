import { graph, replaced } from "@soma/sdk/graph";
import type { StepContext } from "@soma/sdk/node";
import { waitForSignal } from "@soma/sdk/wait";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pauseRun } from "../commands/pause-run.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { claimRuns } from "../store/claim-runs.ts";
import { registerWorker } from "../store/register-worker.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const inAMinute = ({ now }: StepContext): Date => new Date(now().getTime() + 60_000);

/** Streams, parks, and streams again when it goes on. */
const teller = graph("teller", 1, {})
  .node("tells", {
    type: "tool",
    run(_state, context) {
      const { stepId, attempt, wakes, streams } = context;
      const stream = `${stepId}.${attempt}.${wakes}`;
      streams.start({ stream, callId: stepId, contentType: "text/plain" });
      streams.data(stream, `call ${wakes}`);
      streams.end(stream, "OK");
      return wakes === 2 ? { summary: "told" } : { parkedUntil: inAMinute(context), summary: "waits" };
    },
  })
  .build(() => "told");

/** Copies what goes on elsewhere while it waits. */
const copier = graph("copier", 1, {})
  .node("copies", {
    type: "tool",
    copiesStreams: true,
    run(_state, context) {
      const { streams, wakes } = context;
      streams.copy({
        ...{ delim: "start", stream: "other", seq: 0, tool: null, call_id: "c", content_type: "text/plain" },
      });
      for (let seq = 1; seq <= wakes + 1; seq += 1) streams.copy({ stream: "other", seq, data: `${seq}` });
      return wakes === 1 ? { summary: "copied" } : { parkedUntil: inAMinute(context), summary: "waits" };
    },
  })
  .build(() => "copied");

const lost = graph("lost", 1, {})
  .node("waits", { type: "tool", run: () => ({ parkedForSignal: "No Name", summary: "waits" }) })
  .build(() => "");

const listener = graph("listener", 1, { heard: replaced("") })
  .node("hears", waitForSignal("paid", { heard: ({ payload }) => ({ summary: "", patch: { heard: `${payload}` } }) }))
  .build((state) => state.heard);

/** Is due again as soon as it has parked. */
const eager = graph("eager", 1, {})
  .node("asks", {
    type: "tool",
    run: async (_state, { woken, now }) => {
      if (woken === undefined) return { parkedUntil: now(), summary: "waits" };
      await gate.open.promise;
      return { summary: "done" };
    },
  })
  .build(() => "");
const gate = { open: Promise.withResolvers<void>() };

const busy = graph("busy", 1, {})
  .node("asks", {
    type: "tool",
    retry: { maxAttempts: 2, initialMs: 1, maxMs: 1 },
    run() {
      throw Object.assign(new SomaError("MODEL_FAILED", "too busy"), { retryAfterMs: 60_000 });
    },
  })
  .build(() => "");

describe("a run that parks", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([teller, copier, lost, listener, busy, eager]);
  });
  afterAll(() => harness.close());

  const parked = (runId: string, seq: number) =>
    until(`${runId} is parked at ${seq}`, async () => {
      const [row] = await harness.database.owner`select fruitless from run where run_id = ${runId}
        and status = ${RUN_STATUS.PARKED.code} and (select max(seq) from journal where run_id = ${runId}) >= ${seq}`;
      return row;
    });
  const framesOf = async (runId: string): Promise<unknown[]> =>
    (await harness.history(runId)).flatMap(({ kind, payload }) =>
      kind === "STREAM_DATA" ? [(payload as { data: string }).data] : kind === "STREAM_END" ? ["end"] : [],
    );

  it("streams in each of its calls, and goes on with a copy where it stopped", async () => {
    const { life } = await harness.startWorker();
    const told = await harness.start({ graph: "teller" });
    const copied = await harness.start({ graph: "copier" });
    for (const seq of [6, 11]) {
      await parked(told.runId, seq);
      if (seq === 6) await parked(copied.runId, 5);
      await harness.skipWait(told.runId, 60_000);
      if (seq === 6) await harness.skipWait(copied.runId, 60_000);
    }
    for (const { runId } of [told, copied])
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(await framesOf(told.runId)).toEqual(["call 0", "end", "call 1", "end", "call 2", "end"]);
    expect(await framesOf(copied.runId)).toEqual(["1", "2", "end"]);
    await life.close();
  });

  it("fails by name when what it waits for could never come", async () => {
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "lost" });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    expect((await harness.history(runId)).at(-1)?.payload).toMatchObject({
      error: { code: "BAD_INPUT", message: expect.stringContaining('"No Name"') },
    });
    await life.close();
  });

  it("is not failed by a database that does not tell its signals: another round looks again", async () => {
    const { owner, request } = harness.database;
    await owner`alter table signal rename to signal_away`;
    const { life } = await harness.startWorker();
    const { runId } = await harness.start({ graph: "listener" });
    await until("it was tried twice", async () => {
      const [row] = await owner`select from run where run_id = ${runId} and (epoch >= 3 or status >= 10)`;
      return row;
    });
    await owner`alter table signal_away rename to signal`;
    await signalRun(request, aPrincipal(), { runId, name: "paid", payload: 7, idempotencyKey: newId() });
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect((await harness.find(runId))?.recoveries).toBe(0);
    await life.close();
  });

  it("is suspected of no death any more when its step parked, and still is when an attempt failed", async () => {
    const runs = [await harness.start({ graph: "listener" }), await harness.start({ graph: "busy" })];
    for (const { runId } of runs) await harness.database.owner`update run set fruitless = 2 where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    expect(await Promise.all(runs.map(({ runId }) => parked(runId, 2)))).toEqual([{ fruitless: 0 }, { fruitless: 2 }]);
    await life.close();
  });

  it("does not try again before its time because it was paused and resumed", async () => {
    const { runId } = await harness.start({ graph: "busy" });
    const { life } = await harness.startWorker();
    await parked(runId, 3);
    const ask = (pause: boolean) =>
      pauseRun(harness.database.request, aPrincipal(), { runId, pause, idempotencyKey: "p" });
    const isPaused = async () => (await harness.find(runId))?.status === RUN_STATUS.PAUSED.code;
    await ask(true);
    await until("it is paused", isPaused);
    await ask(false);
    await parked(runId, 6);
    expect((await harness.history(runId)).map(({ kind }) => kind)).toEqual([
      ...["RUN_STARTED", "STEP_STARTED", "STEP_RETRIED", "RUN_PAUSED", "RUN_RESUMED", "RUN_PARKED"],
    ]);
    await harness.skipWait(runId, 60_000);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.FAILED.code);
    await life.close();
  });

  it("stays with the worker that claimed it again before it had heard that it is parked", async () => {
    const { runId } = await harness.start({ graph: "eager" });
    const isParked = async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code;
    const hearsLate = (sql: Sql): Sql =>
      new Proxy(sql, {
        async apply(call, self, args) {
          const answer = await Reflect.apply(call, self, args);
          await until("it is claimed", async () => !(await isParked()));
          return answer;
        },
      });
    const { life } = await harness.startWorker(8, new Set(), hearsLate);
    await until("it goes on", async () => (await harness.history(runId)).some(({ kind }) => kind === "STEP_WOKEN"));
    // Each is a round of claiming or more, and in some of them the worker lets go of what it does not execute.
    for (let round = 0; round < 8; round += 1) await harness.finished((await harness.start({ graph: "lost" })).runId);
    gate.open.resolve();
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(await harness.database.owner`select epoch from run where run_id = ${runId}`).toEqual([{ epoch: 2 }]);
    await life.close();
  });

  it("is written by a process of the release before, which knows of no wait", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId } = await harness.start({ graph: "busy" });
    const owner = await registerWorker(worker, { workerId: newId(), slots: 1, build: "test", leaseMs: 60_000 });
    const [run] = await claimRuns(worker, { owner, graphs: [busy.pin], slots: 8 });
    expect(run?.runId).toBe(runId);
    const answer =
      await worker`select run_id from commit_batch(${owner.no}::int, ${owner.workerId}::uuid, ${owner.gen}::int,
      ${[runId]}::uuid[], ${[2]}::int[], ${[run?.epoch ?? 0]}::int[], ${[5]}::smallint[], ${[0]}::int[], ${[null]}::text[], ${[null]}::text[],
      ${[0]}::smallint[], ${[new Date().toISOString()]}::timestamptz[], ${["{}"]}::text[], ${["00"]}::text[], ${["00"]}::text[], ${[11]}::smallint[])`;
    expect(answer).toHaveLength(1);
    const [row] = await admin`select status, available_at < 'infinity' as due from run where run_id = ${runId}`;
    expect(row).toEqual({ status: 11, due: true });
  });

  it("takes no signal under a number that its run was not given", async () => {
    const { runId } = await harness.start({ graph: "listener" });
    const forge = (no: number) =>
      transaction(
        harness.database.request,
        { tenant: "acme" },
        (tx) => tx`insert into signal (run_id, no, tenant, name, payload, sent_by, idem_key, idem_digest)
          values (${runId}, ${no}, 'acme', 'paid', '1', 'user:eve', 'k', 'd')`,
      );
    for (const no of [-1, 0, 1, 7])
      await expect(forge(no)).rejects.toMatchObject({ code: expect.stringMatching("42501|23514") });
    await signalRun(harness.database.request, aPrincipal(), { runId, name: "paid", payload: 1, idempotencyKey: "k" });
    expect(await harness.database.owner`select no, sent_by from signal where run_id = ${runId}`).toEqual([
      { no: 1, sent_by: aPrincipal().subject },
    ]);
  });
});
