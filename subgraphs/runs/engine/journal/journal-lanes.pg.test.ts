import { EVENT_KIND } from "@soma/schemas/run-history";
import type { EventBus, PublishResult } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { createLog } from "@soma/shared/log";
import { registry } from "@soma/shared/metrics";
import { createRelay, type Relay } from "@soma/shared/outbox/relay";
import { transaction } from "@soma/shared/postgres/transaction";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { readsOf } from "@soma/shared/testing/reads-of";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PUBLISHED_KINDS } from "../../domain/published-events.ts";
import { runsMigrations } from "../../migrate.ts";
import { measureUnpublished } from "../../store/measure-unpublished.ts";
import { readUnpublished } from "../../store/read-unpublished.ts";
import { fillHistory, fillRuns } from "../../testing/fill-runs.ts";
import { createJournalSource } from "./journal-source.ts";

describe("the journal's relay", () => {
  let database: TestDatabase;
  let seen: EventRecord[];
  let failing: Set<string>;
  let lines: string[];
  let fromMs = 1_000;

  beforeAll(async () => {
    database = await createTestDatabase("runs", await runsMigrations());
  });
  beforeEach(async () => {
    await database.owner`truncate journal, relay_held, outbox_dead`;
    await database.owner`update relay_cursor set owner = null, expires_at = '-infinity', last_xid = pg_current_xact_id()`;
    seen = [];
    failing = new Set();
    lines = [];
  });
  afterAll(() => database.close());

  const bus: EventBus = {
    publish: async (records) =>
      records.map((record): PublishResult => {
        if (failing.has(record.key)) return { ok: false, kind: "retriable", reason: "not now" };
        seen.push(record);
        return { ok: true };
      }),
    subscribe: () => Promise.reject(new Error("nothing consumes here")),
    close: async () => {},
  };
  const newRelay = (): Relay =>
    createRelay({
      source: createJournalSource(database.worker, { currency: "USD" }),
      schema: "runs",
      bus,
      log: createLog({ level: "warn", service: "test", destination: { write: (line) => void lines.push(line) } }),
    });
  const aRun = async (): Promise<string> => {
    fromMs += 1_000;
    const params = { tenant: "acme", sessionId: newId("Session"), count: 1, fromMs };
    return (await fillRuns(database.owner, params))[0] ?? "";
  };
  const aRunOf = async (events: number): Promise<string> => {
    const runId = await aRun();
    await fillHistory(database.owner, { runId, kind: "STEP_CANCELED", from: 3, count: events - 2 });
    return runId;
  };
  const seqsOf = (runId: string): number => seen.filter(({ key }) => key === runId).length;
  const shown = async (name: string): Promise<number> =>
    (await registry.getSingleMetric(name)?.get())?.values.find(({ labels }) => labels.schema === "runs")?.value ?? -1;
  const round = (relay: Relay): Promise<boolean> => relay.tick().catch(() => false);

  it("tells what waits behind an open transaction, and behind whose; it flows in order after the commit", async () => {
    const open = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<number>();
    const held = transaction(database.owner, {}, async (tx) => {
      const [row] = await tx<{ pid: number }[]>`select pg_current_xact_id(), pg_backend_pid() as pid`;
      holding.resolve(row?.pid ?? 0);
      await open.promise;
    });
    const pid = await holding.promise;
    const runId = await aRunOf(700);
    await database.owner`update journal set at = at - interval '1 minute' where seq = 1`;
    const relay = newRelay();
    await until("the log names who holds it up", async () => {
      await round(relay);
      return lines.some((line) => line.includes(`"pid":${pid}`));
    });
    expect(seen).toEqual([]);
    expect(await shown("outbox_pending_rows")).toBe(700);
    expect(await shown("outbox_oldest_age_seconds")).toBeGreaterThanOrEqual(60);
    expect(await shown("outbox_blocking_transaction_age_seconds")).toBeGreaterThan(0);
    expect(lines.join()).toContain(`"applicationName":"${database.schema}-owner"`);
    const warned = lines.length;
    await round(relay);
    expect(lines).toHaveLength(warned);
    open.resolve();
    await held;
    await until("all was published", async () => {
      await round(relay);
      return (await shown("outbox_pending_rows")) === 0;
    });
    expect(seqsOf(runId)).toBe(700);
    expect(await shown("outbox_blocking_transaction_age_seconds")).toBe(0);
  });

  it.each([2, 600, 1_300])("goes on past a run of %i events that the bus does not take", async (events) => {
    const slow = await aRunOf(events);
    const behind = await aRunOf(5);
    failing.add(slow);
    const relay = newRelay();
    await until("the run behind was published", async () => {
      await round(relay);
      return seqsOf(behind) === 5;
    });
    await round(relay);
    expect([seqsOf(behind), seqsOf(slow)]).toEqual([5, 0]);
    await round(relay);
    expect(await shown("outbox_pending_rows")).toBe(events);

    const later = await aRunOf(3);
    await fillHistory(database.owner, { runId: slow, kind: "STEP_CANCELED", from: 5_000, count: 2 });
    await relay.release();
    const other = newRelay();
    await until("what came later was published by another relay", async () => {
      await round(other);
      return seqsOf(later) === 3;
    });
    failing.clear();
    await until("the run was published, too", async () => {
      await round(other);
      return (await shown("outbox_pending_rows")) === 0;
    });
    const ids = seen.filter(({ key }) => key === slow).map(({ headers }) => headers.ce_id);
    expect([ids.length, new Set(ids).size, seqsOf(behind)]).toEqual([events + 2, events + 2, 5]);
    expect(await database.owner`select * from relay_held`).toEqual([]);
  });

  it("holds so many runs and no more: when all fail it waits, and nothing is lost", async () => {
    const sessionId = newId("Session");
    fromMs += 1_000;
    const runIds = await fillRuns(database.owner, { tenant: "acme", sessionId, count: 400, fromMs });
    failing = new Set(runIds);
    const relay = newRelay();
    const held = async (): Promise<number> => (await database.owner`select from relay_held`).length;
    // A transaction of a test beside this one may hold the first rounds up.
    await until("it holds what it may", async () => {
      await round(relay);
      return (await held()) >= 256;
    });
    for (let i = 0; i < 5; i += 1) await round(relay);
    expect(await held()).toBe(256);
    failing.clear();
    await until("all was published", async () => {
      await round(relay);
      return (await shown("outbox_pending_rows")) === 0;
    });
    expect(runIds.map(seqsOf)).toEqual(runIds.map(() => 2));
  });

  it("writes nothing while there is nothing to publish", async () => {
    const relay = newRelay();
    await round(relay);
    const cursor = () => database.owner`select xmin::text, fence, expires_at from relay_cursor`;
    const before = await cursor();
    for (let i = 0; i < 5; i += 1) await round(relay);
    expect(await cursor()).toEqual(before);
  });

  it("reads what is new and not what is only history", async () => {
    const runId = await aRun();
    await fillHistory(database.owner, { runId, kind: "STREAM_DATA", from: 3, count: 20_000 });
    await database.owner`analyze journal`;
    const after = { xid: "0", runId: newId("Run", 1), seq: 0 };
    const read = await readsOf(database.worker, {}, (tx) => readUnpublished(tx, { after, limit: 500 }));
    expect(read).toMatchObject({ scans: 0 });
    expect(read.rows).toBeLessThan(50);
    expect((await readsOf(database.worker, {}, (tx) => measureUnpublished(tx))).rows).toBeLessThan(50);
  });

  it("has an index of the very kinds that others hear of", async () => {
    const [row] = await database.owner<{ condition: string }[]>`select pg_get_expr(indpred, indrelid) as condition
      from pg_index where indexrelid = 'journal_unpublished'::regclass`;
    const kinds = (row?.condition.match(/\d+/g) ?? []).map(Number);
    expect(kinds.toSorted((a, b) => a - b)).toEqual(PUBLISHED_KINDS.toSorted((a, b) => a - b));
    expect(kinds).toContain(EVENT_KIND.RUN_STARTED);
  });
});
