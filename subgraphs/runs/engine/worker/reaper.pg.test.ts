import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { holdLiveness, LOCK_CLASS } from "@soma/shared/postgres/liveness";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runsMigrations } from "../../migrate.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { lookAtWorkers } from "../../store/look-at-workers.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";
import { createReaper } from "./reaper.ts";

describe("a worker that looks after the others", () => {
  let database: TestDatabase;
  const pools: Sql[] = [];
  let self: Incarnation;
  let other: Incarnation;

  const register = () =>
    registerWorker(database.worker, { workerId: newId(), slots: 1, build: "test", leaseMs: 60_000 });
  async function lock({ no }: Incarnation): Promise<void> {
    const { url, schema } = { url: database.urls.worker, schema: database.schema };
    const pool = connect({ url, schema, applicationName: "test-liveness", max: 1 });
    pools.push(pool);
    await holdLiveness(pool, LOCK_CLASS.WORKER, no, 60_000);
  }
  const wasHeard = ({ workerId }: Incarnation, ms: number) =>
    database.owner`update worker set heard_at = clock_timestamp() - ${ms} * interval '1 millisecond' where worker_id = ${workerId}`;
  const expire = ({ workerId }: Incarnation) =>
    database.owner`update worker set lease_until = '-infinity' where worker_id = ${workerId}`;
  const stateOf = async ({ workerId }: Incarnation): Promise<number> =>
    (await database.owner`select state from worker where worker_id = ${workerId}`)[0]?.state;
  const start = () => createReaper({ sql: database.worker, workerId: self.workerId, log: createSilentLog() });

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  beforeEach(async () => {
    await database.owner`update worker set state = 3`;
    [self, other] = [await register(), await register()];
    await lock(self);
    // In the future, so that none of the looks comes too late for it.
    await wasHeard(self, -600_000);
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end({ timeout: 0 })));
    await database.close();
  });

  it("spares one whose lock is free while it is heard, and looks again when it may be silent", async () => {
    await wasHeard(other, -100);
    const { freed, againMs } = await start().look();
    expect([freed, await stateOf(other), Number(againMs) > 0]).toEqual([0, 1, true]);
  });

  it("takes over from one whose lock is free and that is silent, at the first look", async () => {
    await wasHeard(other, 350);
    await start().look();
    expect(await stateOf(other)).toBe(3);
  });

  it("takes nothing from one that was heard again after the look", async () => {
    const seen = async () =>
      (await lookAtWorkers(database.worker, { workerId: self.workerId })).filter(
        (one) => one.workerId === other.workerId,
      );
    await wasHeard(other, 350);
    const [before] = await seen();
    await wasHeard(other, 0);
    expect(before && [await takeOverWorker(database.worker, before), await stateOf(other)]).toEqual([undefined, 1]);
    const [after] = await seen();
    expect(after && [await takeOverWorker(database.worker, after), await stateOf(other)]).toEqual([0, 3]);
    expect(after && (await takeOverWorker(database.worker, after))).toBeUndefined();
  });

  it("takes over from one that holds its lock when its lease is over at two looks in a row", async () => {
    await lock(other);
    const reaper = start();
    await reaper.look();
    await expire(other);
    expect((await reaper.look()).againMs).toBe(250);
    expect(await stateOf(other)).toBe(1);
    await reaper.look();
    expect(await stateOf(other)).toBe(3);
  });

  it("judges nobody while it is not heard itself", async () => {
    await expire(other);
    await wasHeard(other, 60_000);
    await wasHeard(self, 1_000);
    const reaper = start();
    for (const _ of ["first", "second"]) expect(await reaper.look()).toEqual({ freed: 0, againMs: undefined });
    expect(await stateOf(other)).toBe(1);
  });
});
