import { newId } from "@soma/shared/ids";
import { createLog, createSilentLog } from "@soma/shared/log";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsMigrations } from "../../migrate.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { lookAtWorkers } from "../../store/look-at-workers.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";
import { startHeartbeat } from "./heartbeat.ts";

const BEATS = 3;
/** So many fiftieths of a second this thread waits for the other one at most. */
const WAITS = 1_000;

describe("the heartbeat of a process", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  afterAll(() => database.close());

  const start = (stallMs: number, log = createSilentLog()) =>
    startHeartbeat({ url: database.urls.worker, schema: database.schema, stallMs, log });
  /** Its lease is over as soon as it has it. */
  const register = () => registerWorker(database.worker, { workerId: newId(), slots: 1, build: "test", leaseMs: 0 });
  const isLeaseOver = async ({ workerId }: Incarnation) =>
    (await lookAtWorkers(database.worker, { workerId }))[0]?.isLeaseOver;

  it("is heard while the event loop has no turn, and its lease holds", async () => {
    const heartbeat = await start(60_000);
    const owner = await register();
    expect(await isLeaseOver(owner)).toBe(true);
    heartbeat.keep(owner);
    let turns = 0;
    setImmediate(() => {
      turns += 1;
    });
    const before = heartbeat.beats();
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let waits = 0; waits < WAITS && heartbeat.beats() < before + BEATS; waits += 1) Atomics.wait(cell, 0, 0, 20);
    expect([heartbeat.beats() >= before + BEATS, turns]).toEqual([true, 0]);
    expect(await isLeaseOver(owner)).toBe(false);
    await heartbeat.close();
  });

  it("falls silent when the event loop is said to hang, and tells why", async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    // Without any patience, whoever has a turn hangs.
    const heartbeat = await start(0, createLog({ level: "error", service: "test", destination }));
    const owner = await register();
    heartbeat.keep(owner);
    await until("it is told", () => lines.some((line) => line.includes("the event loop hung")));
    expect([heartbeat.beats(), await isLeaseOver(owner)]).toEqual([0, true]);
    await heartbeat.close();
  });

  it("tells a life that another worker took over, and renews no lease that was let go", async () => {
    const heartbeat = await start(60_000);
    const [taken, left] = [await register(), await register()];
    const lease = heartbeat.keep(taken);
    heartbeat.keep(left).leave();
    await until("it is heard", () => heartbeat.beats() > 0);
    await takeOverWorker(database.worker, taken);
    await lease.lost;
    expect(await isLeaseOver(left)).toBe(true);
    expect(heartbeat.isHeard()).toBe(true);
    await heartbeat.close();
  });

  it("is sure of its lives as long as it is heard, and not before it knows of one that was taken over", async () => {
    const heartbeat = await start(60_000);
    const [taken, left] = [await register(), await register()];
    const lease = heartbeat.keep(taken);
    const other = heartbeat.keep(left);
    await until("it is sure", () => heartbeat.isSure());
    await takeOverWorker(database.worker, taken);
    const before = heartbeat.beats();
    // This thread has no turn to hear of it.
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let waits = 0; waits < WAITS && heartbeat.beats() < before + BEATS; waits += 1) Atomics.wait(cell, 0, 0, 20);
    expect([heartbeat.beats() >= before + BEATS, heartbeat.isSure()]).toEqual([true, false]);
    await lease.lost;
    await until("it is sure of the other one", () => heartbeat.isSure());
    other.leave();
    await until("it is silent", () => !heartbeat.isSure());
    await heartbeat.close();
  });

  it("goes on after the database cut its connection", async () => {
    const heartbeat = await start(60_000);
    const owner = await register();
    heartbeat.keep(owner);
    await until("it is heard", () => heartbeat.beats() > 0);
    const cut = await database.owner`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'soma-worker-heartbeat' and usename = 'soma_worker'`;
    expect(cut.length).toBeGreaterThan(0);
    const before = heartbeat.beats();
    await until("it is heard again", () => heartbeat.beats() > before + 1);
    await heartbeat.close();
  });
});
