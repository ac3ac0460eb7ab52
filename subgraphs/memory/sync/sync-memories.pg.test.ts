import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { registry } from "@soma/shared/metrics";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { remember } from "../commands/remember.ts";
import { memoryMigrations } from "../migrate.ts";
import { createSomaBrain } from "../somabrain/create-somabrain.ts";
import { measureUnsynced } from "../store/measure-unsynced.ts";
import type { FakeSomaBrain } from "../testing/fake-builds.ts";
import { startFakeSomaBrain } from "../testing/fake-somabrain.ts";
import { createSync, type Sync } from "./sync-memories.ts";

const MINUTE_MS = 60_000;

describe("createSync()", () => {
  let database: TestDatabase;
  let fake: FakeSomaBrain;
  let sync: Sync;
  let clockMs = 0;

  const aSync = (): Sync =>
    createSync({
      sql: database.worker,
      brain: createSomaBrain({ somaBrainUrl: fake.url, somaBrainKey: "" }),
      log: createSilentLog(),
      clock: () => clockMs,
      random: () => 1,
    });
  const tell = async (count: number, changes: object = {}, tenant = "acme"): Promise<string[]> => {
    const keys: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const told = {
        namespace: "default",
        sessionId: newId(),
        role: "USER",
        kind: "MESSAGE",
        content: `memory ${i}`,
      } as const;
      const { memory } = await remember({ sql: database.request, now: () => new Date() }, aPrincipal({ tenant }), {
        ...{ ...told, at: "2026-01-01T00:00:00.000Z", idempotencyKey: newId() },
        ...changes,
      });
      keys.push(memory.somabrainKey);
    }
    return keys;
  };
  const waiting = async (): Promise<number> => (await measureUnsynced(database.worker)).rows;
  const state = async () => (await database.worker`select state, dialect, fault from brain_sync`)[0];
  const writes = () => fake.seen.filter(({ path }) => path.includes("remember"));
  /** Rounds, as many as there are to do, each long after the one before. */
  const rounds = async (count: number, apartMs = MINUTE_MS): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      await sync.tick();
      clockMs += apartMs;
    }
  };

  beforeAll(async () => {
    database = await createTestDatabase("memory", await memoryMigrations());
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await database.owner`delete from memory_unsynced`;
    fake = await startFakeSomaBrain("MEMORY");
    sync = aSync();
    return async () => {
      await sync.release();
      await fake.close();
    };
  });

  it("brings every memory there once, oldest first, and then nothing more", async () => {
    const keys = [...(await tell(5)), ...(await tell(3, { namespace: "other-1" })), ...(await tell(2, {}, "globex"))];
    await rounds(3);
    expect(new Set(fake.stored.map(({ key }) => key))).toEqual(new Set(keys));
    expect(fake.stored.map(({ key }) => key).filter((key) => key.startsWith("acme/default"))).toEqual(keys.slice(0, 5));
    expect(await waiting()).toBe(0);
    expect(writes()).toHaveLength(3);
    expect(fake.stored.find(({ key }) => key === keys[8])?.universe).toBe("soma:globex:default");
    expect(await state()).toEqual({ state: "NORMAL", dialect: "MEMORY", fault: null });
  });

  it.each(["UNWIRED", "DJANGO"] as const)("brings them to a build that is %s too", async (build) => {
    fake.build = build;
    const keys = await tell(3, { content: "l'été: 50 %" });
    await rounds(2);
    expect(fake.stored.map(({ key }) => key)).toEqual(keys);
    expect(await waiting()).toBe(0);
  });

  it("believes no acknowledgement while the store is dead, and loses nothing of what was lost there", async () => {
    const keys = await tell(40);
    fake.faults.storeDown = true;
    await rounds(4);
    expect(writes().length).toBeGreaterThan(0);
    expect(Math.max(...writes().map(({ writing }) => writing))).toBe(1);
    expect(Math.max(...writes().map(({ memories }) => memories))).toBe(25);
    expect(await waiting()).toBe(40);
    expect(await state()).toMatchObject({ state: "DEGRADED" });
    fake.faults.storeDown = false;
    await rounds(6);
    expect(fake.stored.map(({ key }) => key)).toEqual(keys);
    expect(await waiting()).toBe(0);
    expect(await state()).toMatchObject({ state: "NORMAL", fault: null });
  });

  it("does not count what was acknowledged when the store died meanwhile", async () => {
    await tell(3);
    const brain = createSomaBrain({ somaBrainUrl: fake.url, somaBrainKey: "" });
    const dying = createSync({
      ...{ sql: database.worker, log: createSilentLog(), clock: () => clockMs, random: () => 1 },
      brain: {
        ...brain,
        async write(items) {
          fake.faults.storeDown = true;
          return brain.write(items);
        },
      },
    });
    await dying.tick();
    await dying.release();
    expect(fake.stored).toEqual([]);
    expect(await waiting()).toBe(3);
  });

  it("asks how it is and nothing else while it is down, ever more rarely, but at least every half a minute", async () => {
    await tell(3);
    fake.faults.hangs = true;
    for (let i = 0; i < 9; i += 1) await sync.tick().then(() => (clockMs += 20_000));
    fake.faults.hangs = false;
    expect(writes()).toEqual([]);
    // The waits are 0.5, 1, 2, 4, 8, 16 and 30 s, and the clock was looked at every 20 s.
    expect(fake.seen.map(({ path }) => path)).toEqual(Array.from({ length: 8 }, () => "/health"));
    expect(await state()).toMatchObject({ state: "DOWN", fault: expect.stringContaining("1200 ms") });
    clockMs += MINUTE_MS;
    await rounds(4);
    expect(await waiting()).toBe(0);
  }, 30_000);

  it("has one small write at a time for a minute after its breaker was open, and counts that", async () => {
    const keys = await tell(60);
    fake.faults.breakerOpen = true;
    await rounds(1, 1_000);
    fake.faults.breakerOpen = false;
    fake.seen.length = 0;
    await rounds(3, 1_000);
    expect(writes().map(({ memories, writing }) => [memories, writing])).toEqual([
      [25, 1],
      [25, 1],
      [10, 1],
    ]);
    expect(fake.stored.map(({ key }) => key)).toEqual(keys);
    expect(await registry.getSingleMetricAsString("somabrain_requests_breaker_open_total")).toMatch(/ 60$/m);
    expect(await registry.getSingleMetricAsString("somabrain_health_state")).toContain('{state="degraded"} 1');
    expect(await registry.getSingleMetricAsString("somabrain_outbox_flush_concurrency")).toMatch(/ 1$/m);
  });

  it("leaves it alone for as long as it asks, but for no longer than half a minute", async () => {
    await tell(1);
    await rounds(1);
    await tell(1);
    Object.assign(fake.faults, { status: 429, retryAfter: "20" });
    await sync.tick();
    const asked = fake.seen.length;
    clockMs += 19_000;
    await sync.tick();
    expect(fake.seen).toHaveLength(asked);
    Object.assign(fake.faults, { status: undefined, retryAfter: undefined });
    clockMs += 12_000;
    await sync.tick();
    expect(await waiting()).toBe(0);
  });

  it("puts what is refused for what it is off, and brings the rest", async () => {
    const [, poison] = [await tell(2), await tell(1, { content: "poison" }), await tell(2)];
    fake.faults.refuses = /poison/;
    await rounds(2);
    expect(fake.stored).toHaveLength(4);
    expect(await measureUnsynced(database.worker)).toMatchObject({ rows: 1, refused: 1 });
    const [row] =
      await database.owner`select attempts, fault, due_at > now() + interval '50 seconds' as later from memory_unsynced`;
    expect(row).toMatchObject({ attempts: 1, fault: expect.stringContaining("422"), later: true });
    fake.faults.refuses = undefined;
    await database.owner`update memory_unsynced set due_at = now()`;
    await rounds(1);
    expect(fake.stored.at(-1)?.key).toBe(poison?.[0]);
    expect(await waiting()).toBe(0);
  });

  it("is done by one process at a time, and by the next one once that is gone", async () => {
    await tell(1);
    const other = aSync();
    fake.faults.storeDown = true;
    await sync.tick();
    const asked = fake.seen.length;
    await other.tick();
    expect(fake.seen).toHaveLength(asked);
    fake.faults.storeDown = false;
    await database.owner`update brain_sync set expires_at = now() - interval '1 second'`;
    await other.tick();
    expect(await waiting()).toBe(0);
    await other.release();
  });

  it("knows what waited before there was a SomaBrain, and shows each tenant its own alone", async () => {
    await tell(2);
    await tell(1, {}, "globex");
    const own = await transaction(database.request, { tenant: "globex" }, (tx) => measureUnsynced(tx));
    expect(own.rows).toBe(1);
    expect(await waiting()).toBe(3);
  });
});
