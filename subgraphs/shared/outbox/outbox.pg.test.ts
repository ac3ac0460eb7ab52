import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { consume } from "../bus/consume.ts";
import { aRecord } from "../bus/event-bus.contract.ts";
import type { EventBus, PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import { createLocalBus } from "../bus/local-bus.ts";
import { newId } from "../ids.ts";
import { createSilentLog } from "../log.ts";
import { readSharedMigrations } from "../postgres/migrate.ts";
import { transaction } from "../postgres/transaction.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { emit } from "./emit.ts";
import { createOutboxSource } from "./outbox-source.ts";
import { createRelay } from "./relay.ts";

const audit = (reason: string) => ({
  event_id: newId(),
  category: "policy" as const,
  actor: "a",
  subject: "s",
  decision: "allow",
  reason,
  timestamp: new Date().toISOString(),
  meta: {},
});

describe("outbox", () => {
  const log = createSilentLog();
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase("outbox", await readSharedMigrations());
  });
  beforeEach(async () => {
    await database.owner`truncate outbox, outbox_dead, inbox`;
    await database.owner`update outbox_lease set owner = null, expires_at = '-infinity'`;
  });
  afterAll(() => database.close());

  const say = (reason: string, key = "k", tenant = "acme") =>
    transaction(database.request, { tenant }, (tx) =>
      emit(tx, { type: "agent.audit.v1", tenant, key, data: audit(reason) }),
    );
  const waiting = async (): Promise<number> => (await database.owner`select 1 from outbox`).length;

  /** A bus that answers each batch as it is told, and remembers what it was given. */
  function recording(answer: (record: EventRecord) => PublishResult = () => ({ ok: true })): {
    bus: EventBus;
    seen: string[];
  } {
    const seen: string[] = [];
    const bus: EventBus = {
      publish: async (records) =>
        records.map((record) => {
          const result = answer(record);
          if (result.ok) seen.push((JSON.parse(record.value) as { reason: string }).reason);
          return result;
        }),
      subscribe: () => Promise.reject(new Error("nothing consumes here")),
      close: async () => {},
    };
    return { bus, seen };
  }

  it("emit() takes its transaction back when an event does not fit its schema, or belongs to another tenant", async () => {
    const bad = transaction(database.request, { tenant: "acme" }, (tx) =>
      emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: { ...audit("x"), surprise: 1 } as never }),
    );
    await expect(bad).rejects.toMatchObject({ code: "EVENT_INVALID", message: expect.stringContaining("surprise") });
    await expect(
      transaction(database.request, { tenant: "other" }, (tx) =>
        emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: audit("x") }),
      ),
    ).rejects.toThrow(/row-level security/);
    expect(await waiting()).toBe(0);
  });

  it("the relay publishes in order per key and removes what was taken", async () => {
    for (let i = 0; i < 30; i += 1) await say(String(i));
    const { bus, seen } = recording();
    await createRelay({ source: createOutboxSource(database.worker), schema: database.schema, bus, log }).tick();
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    expect(await waiting()).toBe(0);
  });

  it("the relay keeps what was not taken, and parks what never will be", async () => {
    await say("good", "a");
    await say("later", "b");
    await say("never", "c");
    const answers: Record<string, PublishResult> = {
      later: { ok: false, kind: "retriable", reason: "busy" },
      never: { ok: false, kind: "poison", reason: "too large" },
    };
    const { bus, seen } = recording(
      (record) => answers[(JSON.parse(record.value) as { reason: string }).reason] ?? { ok: true },
    );
    const relay = createRelay({ source: createOutboxSource(database.worker), schema: database.schema, bus, log });
    expect(await relay.tick()).toBe(false);
    expect(seen).toEqual(["good"]);
    expect(await waiting()).toBe(1);
    expect(await database.owner`select reason from outbox_dead`).toEqual([{ reason: "too large" }]);
    await expect(relay.tick()).rejects.toThrow(/were not delivered and wait: busy/);
  });

  it("only one of two relays has a bucket, and another takes it when its lease has run out", async () => {
    const first = recording();
    const second = recording();
    await createRelay({
      source: createOutboxSource(database.worker),
      schema: database.schema,
      bus: first.bus,
      log,
    }).tick();
    await database.owner`update outbox_lease set owner = ${newId()}, expires_at = clock_timestamp() + interval '1 hour'`;
    await say("whose");
    const other = createRelay({
      source: createOutboxSource(database.worker),
      schema: database.schema,
      bus: second.bus,
      log,
    });
    expect(await other.tick()).toBe(false);
    expect(second.seen).toEqual([]);
    await database.owner`update outbox_lease set expires_at = clock_timestamp() - interval '1 second'`;
    await other.tick();
    expect(second.seen).toEqual(["whose"]);
    await other.release();
    await say("after an orderly stop");
    await createRelay({
      source: createOutboxSource(database.worker),
      schema: database.schema,
      bus: first.bus,
      log,
    }).tick();
    expect(first.seen).toEqual(["after an orderly stop"]);
  });

  it("a consumer handles an event once, however often it comes, and again when its transaction failed", async () => {
    const bus = createLocalBus();
    const handled: string[] = [];
    let failing = true;
    await consume({
      bus,
      sql: database.worker,
      consumer: "test",
      type: "agent.audit.v1",
      async handle(_tx, event) {
        if (failing) throw new Error("no");
        handled.push(event.data.reason);
      },
    });
    const record = aRecord("once");
    expect(await bus.publish([record])).toMatchObject([{ ok: false, kind: "retriable" }]);
    failing = false;
    await bus.publish([record, record]);
    expect(handled).toEqual(["once"]);
  });
});
