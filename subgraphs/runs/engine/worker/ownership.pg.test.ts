import { payloadText } from "@soma/schemas/run-chain";
import { graph } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chain } from "../../domain/chain.ts";
import { type ClaimedRun, claimRuns } from "../../store/claim-runs.ts";
import { commitBatch, type Incarnation } from "../../store/commit-batch.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { releaseRuns } from "../../store/release-runs.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

describe("who owns a run", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([one]);
  });
  afterAll(() => harness.close());

  /** A worker that claims the run, does what it is told, and dies. */
  async function liveAndDie(
    runId: string,
    live: (run: ClaimedRun, owner: Incarnation) => Promise<unknown>,
  ): Promise<void> {
    const { worker, owner: admin } = harness.database;
    await admin`update run set available_at = '-infinity' where run_id = ${runId}`;
    const owner = await registerWorker(worker, { workerId: newId(), slots: 1, build: "test", leaseMs: 60_000 });
    const [run] = await claimRuns(worker, { owner, graphs: [one.pin], slots: 1 });
    if (run?.runId !== runId) throw new Error(`claimed ${run?.runId} instead of ${runId}`);
    await live(run, owner);
    await takeOverWorker(worker, owner);
  }

  async function endAStep(run: ClaimedRun, owner: Incarnation): Promise<void> {
    const head = (await harness.history(run.runId)).at(-1);
    if (head === undefined) throw new Error("no history");
    const step = { step: head.seq, node: "only", nodeType: "tool", attempt: 1 };
    const event = chain(head.hash, {
      runId: run.runId,
      seq: head.seq + 1,
      at: new Date(),
      kind: "STEP_SUCCEEDED",
      ...step,
      payload: {},
    });
    await commitBatch(harness.database.worker, {
      owner,
      rows: [{ event, text: payloadText(event.payload), values: [], epoch: run.epoch, status: null, wait: undefined }],
    });
  }

  const counts = async (runId: string): Promise<object | undefined> =>
    (await harness.database.owner`select recoveries, fruitless from run where run_id = ${runId}`)[0];

  it("a run that goes forward is not blamed for the deaths of its workers, however many", async () => {
    const { runId } = await harness.start({ graph: "one" });
    for (let death = 1; death <= 12; death += 1) await liveAndDie(runId, endAStep);
    expect(await counts(runId)).toEqual({ recoveries: 12, fruitless: 0 });
    await liveAndDie(runId, async () => {});
    expect(await counts(runId)).toEqual({ recoveries: 13, fruitless: 1 });
    await liveAndDie(runId, endAStep);
    expect(await counts(runId)).toEqual({ recoveries: 14, fruitless: 0 });
    await harness.database.owner`update run set status = 12, worker_id = null where run_id = ${runId}`;
  });

  it("a run that ends no step in nine lives is given up, and says why", async () => {
    const { runId } = await harness.start({ graph: "one" });
    for (let death = 1; death <= 9; death += 1) await liveAndDie(runId, async () => {});
    expect(await counts(runId)).toEqual({ recoveries: 9, fruitless: 9 });
    await harness.database.owner`update run set available_at = '-infinity' where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    await harness.finished(runId);
    const last = (await harness.history(runId)).at(-1);
    expect(last).toMatchObject({
      kind: "RUN_FAILED",
      payload: { error: { message: expect.stringContaining("9 times in a row") } },
    });
    await life.close();
  });

  it("a run that kills its workers is given up within nine deaths, and none of its twenty neighbours with it", async () => {
    const { worker, owner: admin } = harness.database;
    const ids: string[] = [];
    for (let i = 0; i < 21; i += 1) ids.push((await harness.start({ graph: "one" })).runId);
    const poison = ids[10] ?? "";
    let deaths = 0;
    // Nobody ends a step while the poison is about: the worst there is for its neighbours.
    while ((await harness.find(poison))?.status === 0 && deaths < 20) {
      await admin`update run set available_at = '-infinity' where status = 0`;
      const owner = await registerWorker(worker, { workerId: newId(), slots: 64, build: "test", leaseMs: 60_000 });
      const claimed = await claimRuns(worker, { owner, graphs: [one.pin], slots: 64 });
      expect(claimed.filter((run) => run.fruitless >= 2).length).toBeLessThanOrEqual(1);
      const mine = claimed.find((run) => run.runId === poison);
      if (mine === undefined || mine.fruitless > 8)
        await admin`update run set status = case run_id when ${poison} then 12 else 10 end, worker_id = null where worker_id = ${owner.workerId}`;
      else deaths += 1;
      await takeOverWorker(worker, owner);
    }
    expect(deaths).toBe(9);
    const neighbours = await admin`select fruitless from run where run_id = any (${ids}) and run_id <> ${poison}`;
    expect(neighbours.map((row) => row.fruitless)).toEqual(ids.slice(1).map(() => 2));
    await admin`update run set status = 10 where status = 0`;
  });

  it("a newcomer that kills its workers is found, and not the slow run that was a suspect before it came", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId: slow } = await harness.start({ graph: "one" });
    await admin`update run set fruitless = 2 where run_id = ${slow}`;
    const { runId: poison } = await harness.start({ graph: "one" });
    const fruitless = async (runId: string): Promise<number> =>
      (await admin`select fruitless from run where run_id = ${runId}`)[0]?.fruitless;
    for (let death = 0; death < 40 && (await fruitless(poison)) < 9; death += 1) {
      await admin`update run set available_at = '-infinity' where status = 0`;
      const owner = await registerWorker(worker, { workerId: newId(), slots: 64, build: "test", leaseMs: 60_000 });
      const claimed = await claimRuns(worker, { owner, graphs: [one.pin], slots: 64 });
      // Without the poison beside it, the slow run comes to the end of its step.
      const alone = claimed.every(({ runId }) => runId !== poison);
      const [mine] = claimed;
      if (alone && mine !== undefined) await endAStep(mine, owner);
      await takeOverWorker(worker, owner);
    }
    expect(await fruitless(poison)).toBe(9);
    expect(await fruitless(slow)).toBeLessThan(9);
    await admin`update run set status = 10 where status = 0`;
  });

  it("what a run achieved counts also when much was streamed since, and when it is handed back", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId } = await harness.start({ graph: "one" });
    await admin`update run set fruitless = 3 where run_id = ${runId}`;
    await liveAndDie(runId, async (run, owner) => {
      await endAStep(run, owner);
      await admin`insert into journal select (jsonb_populate_record(null::journal, to_jsonb(j) || jsonb_build_object('seq', j.seq + n, 'kind', 21))).*
        from (select * from journal where run_id = ${runId} order by seq desc limit 1) j, generate_series(1, 300) n`;
    });
    expect(await counts(runId)).toEqual({ recoveries: 1, fruitless: 0 });
    await admin`update run set fruitless = 3, available_at = '-infinity' where run_id = ${runId}`;
    const owner = await registerWorker(worker, { workerId: newId(), slots: 1, build: "test", leaseMs: 60_000 });
    const [run] = await claimRuns(worker, { owner, graphs: [one.pin], slots: 1 });
    if (run === undefined) throw new Error("nothing was claimed");
    await endAStep(run, owner);
    expect(await releaseRuns(worker, { owner, runs: [run] })).toBe(1);
    expect(await counts(runId)).toEqual({ recoveries: 1, fruitless: 0 });
    await admin`update run set status = 10 where status = 0`;
  });

  it("a worker has one suspect at a time, and the next when that one has ended a step", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId: first } = await harness.start({ graph: "one" });
    const { runId: second } = await harness.start({ graph: "one" });
    await admin`update run set fruitless = 3 where run_id in (${first}, ${second})`;
    const { runId: sound } = await harness.start({ graph: "one" });
    const owner = await registerWorker(worker, { workerId: newId(), slots: 64, build: "test", leaseMs: 60_000 });
    const claim = () => claimRuns(worker, { owner, graphs: [one.pin], slots: 64 });
    const claimed = await claim();
    expect(claimed.map((run) => run.runId).toSorted()).toEqual([first, sound].toSorted());
    expect(await claim()).toEqual([]);
    await endAStep(claimed.find((run) => run.runId === first) as ClaimedRun, owner);
    expect((await claim()).map((run) => run.runId)).toEqual([second]);
    await takeOverWorker(worker, owner);
    for (const [runId, fruitless] of [
      [first, 0],
      [second, 4],
      [sound, 1],
    ] as const)
      expect(await counts(runId)).toEqual({ recoveries: 1, fruitless });
    await admin`update run set status = 10 where status = 0`;
  });

  it("a suspect is for workers that have lived a while, longer the more of them it ended, and the sound are for all", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId: suspect } = await harness.start({ graph: "one" });
    const owner = await registerWorker(worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
    for (const [fruitless, ageMs] of [
      [2, 500],
      [3, 1_000],
      [7, 16_000],
      [8, 30_000],
    ] as const) {
      await admin`update run set fruitless = ${fruitless}, status = 0, worker_id = null, available_at = '-infinity' where run_id = ${suspect}`;
      const claim = (age: number) => claimRuns(worker, { owner, graphs: [one.pin], slots: 8, ageMs: age });
      expect(await claim(ageMs - 1)).toEqual([]);
      const { runId: sound } = await harness.start({ graph: "one" });
      expect((await claim(0)).map(({ runId }) => runId)).toEqual([sound]);
      expect((await claim(ageMs)).map(({ runId }) => runId)).toEqual([suspect]);
    }
    await admin`update run set status = 10 where status < 10`;
  });

  it("a suspect that is to be canceled waits for no age: it executes nothing, however short lives are", async () => {
    const { worker, owner: admin } = harness.database;
    const { runId } = await harness.start({ graph: "one" });
    await admin`update run set fruitless = 5, control = 1 where run_id = ${runId}`;
    const owner = await registerWorker(worker, { workerId: newId(), slots: 8, build: "test", leaseMs: 60_000 });
    const claimed = await claimRuns(worker, { owner, graphs: [one.pin], slots: 8, ageMs: 0 });
    expect(claimed.map((run) => run.runId)).toEqual([runId]);
    await admin`update run set status = 10 where status < 10`;
  });

  it("a live worker lets go of what it owns and does not execute, and the run goes on", async () => {
    const { life } = await harness.startWorker();
    const [row] = await harness.database
      .owner`select worker_id from worker where state = 1 order by started_at desc limit 1`;
    const { runId } = await harness.start({ graph: "one" });
    await harness.finished(runId);
    // As after a hand-back that failed, or a claim whose answer was lost.
    const { runId: stray } = await harness.start({ graph: "one", idempotencyKey: "stray" });
    await harness.finished(stray);
    await harness.database
      .owner`update run set status = 1, worker_id = ${row?.worker_id ?? null}, finished_at = null, epoch = epoch + 1 where run_id = ${stray}`;
    await harness.database.owner`delete from journal where run_id = ${stray} and seq > 1`;
    await until("the stray is claimed and executed", async () => (await harness.find(stray))?.status === 10);
    await life.close();
  });

  it("a worker that stands by claims nothing, takes over from one that died, and claims once it may", async () => {
    let stands = true;
    const standby = await harness.startWorker(
      8,
      new Set(),
      (commits) => commits,
      () => !stands,
    );
    const dead = await harness.startWorker();
    await dead.kill();
    const { runId } = await harness.start({ graph: "one", idempotencyKey: "standby" });
    const stateOf = (workerId: string) =>
      harness.database.owner`select state from worker where worker_id = ${workerId}`;
    await until("the dead one is found", async () => (await stateOf(dead.life.workerId))[0]?.state === 3);
    expect((await harness.find(runId))?.status).toBe(0);
    stands = false;
    await harness.finished(runId);
    await standby.life.close();
  });
});
