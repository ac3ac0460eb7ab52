import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { consume } from "../bus/consume.ts";
import { aRecord } from "../bus/event-bus.contract.ts";
import type { PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import { createLocalBus } from "../bus/local-bus.ts";
import { newId } from "../ids.ts";
import { readMetrics } from "../metrics.ts";
import { transaction } from "../postgres/transaction.ts";
import { anAudit, createOutboxStage, createRecordingBus, type OutboxStage, reasonOf } from "../testing/outbox-stage.ts";
import { emit } from "./emit.ts";

describe("outbox", () => {
  let stage: OutboxStage;

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  it("emit() takes its transaction back when an event does not fit its schema, or belongs to another tenant", async () => {
    const { request } = stage.database;
    const bad = transaction(request, { tenant: "acme" }, (tx) =>
      emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: { ...anAudit("x"), surprise: 1 } as never }),
    );
    await expect(bad).rejects.toMatchObject({ code: "EVENT_INVALID", message: expect.stringContaining("surprise") });
    await expect(
      transaction(request, { tenant: "other" }, (tx) =>
        emit(tx, { type: "agent.audit.v1", tenant: "acme", key: "k", data: anAudit("x") }),
      ),
    ).rejects.toThrow(/row-level security/);
    expect(await stage.waiting()).toBe(0);
  });

  it("the relay publishes in order per key and removes what was taken", async () => {
    for (let i = 0; i < 30; i += 1) await stage.say(String(i));
    const { bus, seen } = createRecordingBus();
    await stage.relay(bus).tick();
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    expect(await stage.waiting()).toBe(0);
  });

  it.each([true, false])(
    "a copy of what was parked goes to the dead letters of its topic, once: taken there %s",
    async (ok) => {
      await stage.say("never", "a");
      await stage.say("after", "a");
      const sent: EventRecord[] = [];
      const { bus } = createRecordingBus((record) => {
        sent.push(record);
        if (record.topic.endsWith(".dlq")) return ok ? { ok } : { ok, kind: "retriable", reason: "no such topic" };
        return reasonOf(record) === "never" ? { ok: false, kind: "poison", reason: "too large" } : { ok: true };
      });
      const relay = stage.relay(bus);
      await relay.tick();
      await relay.tick();
      expect(sent.map((record) => [record.topic, reasonOf(record)])).toEqual([
        ["soma.acme.agent.audit.v1", "never"],
        ["soma.acme.agent.audit.v1", "after"],
        ["soma.acme.agent.audit.v1.dlq", "never"],
      ]);
      expect(sent[2]?.headers).toMatchObject({ "soma-dead-reason": "too large" });
      expect(await stage.waiting()).toBe(0);
    },
  );

  it("the relay keeps what was not taken, and parks what never will be", async () => {
    await stage.say("good", "a");
    await stage.say("later", "b");
    await stage.say("never", "c");
    const answers: Record<string, PublishResult> = {
      later: { ok: false, kind: "retriable", reason: "busy" },
      never: { ok: false, kind: "poison", reason: "too large" },
    };
    const { bus, seen } = createRecordingBus((record) => answers[reasonOf(record)] ?? { ok: true });
    const relay = stage.relay(bus);
    expect(await relay.tick()).toBe(false);
    expect(seen).toEqual(["good"]);
    expect(await stage.waiting()).toBe(1);
    expect(await stage.database.owner`select reason from outbox_dead`).toEqual([{ reason: "too large" }]);
    const looked = vi.fn();
    await expect(relay.tick(looked)).rejects.toThrow(/were not delivered and wait: busy/);
    // What the bus does not take is no standstill of the relay.
    expect(looked).toHaveBeenCalledTimes(1);
  });

  it("only one of two relays has a bucket, and another takes it when its lease has run out", async () => {
    const { owner } = stage.database;
    const first = createRecordingBus();
    const second = createRecordingBus();
    await stage.relay(first.bus).tick();
    await owner`update outbox_lease set owner = ${newId()}, expires_at = clock_timestamp() + interval '1 hour'`;
    await stage.say("whose");
    const other = stage.relay(second.bus);
    expect(await other.tick()).toBe(false);
    expect(second.seen).toEqual([]);
    await owner`update outbox_lease set expires_at = clock_timestamp() - interval '1 second'`;
    await other.tick();
    expect(second.seen).toEqual(["whose"]);
    await other.release();
    await stage.say("after an orderly stop");
    await stage.relay(first.bus).tick();
    expect(first.seen).toEqual(["after an orderly stop"]);
  });

  it("a relay tells the bus whether its buckets were another's since it read them, also when its lease has run out", async () => {
    await stage.say("1");
    const { bus } = createRecordingBus();
    const other = stage.relay(bus);
    const told: unknown[] = [];
    const relay = stage.relay({
      ...bus,
      async publish(records, lease) {
        const ask = async () => told.push(await lease?.isOurs());
        await ask();
        await stage.database.owner`update outbox_lease set expires_at = '-infinity'`;
        await ask();
        await other.tick();
        await ask();
        return bus.publish(records);
      },
    });
    await relay.tick();
    expect(told).toEqual([true, true, false]);
  });

  it("a relay begins the next round at once after a busy one, and not after a small one", async () => {
    const reasons = Array.from({ length: 7 }, (_, i) => String(i));
    for (let key = 0; key < 80; key += 1) await stage.sayMany(reasons, `key-${key}`);
    const { bus, seen } = createRecordingBus();
    const relay = stage.relay(bus);
    expect(await relay.tick()).toBe(true);
    expect(seen).toHaveLength(560);
    await stage.sayMany(reasons, "key-0");
    expect(await relay.tick()).toBe(false);
    expect(seen).toHaveLength(567);
  });

  it("a consumer handles an event once, however often it comes, and again when its transaction failed", async () => {
    const bus = createLocalBus();
    const handled: string[] = [];
    let failing = true;
    await consume({
      bus,
      sql: stage.database.worker,
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
    // What failed was not handled, and a repetition is told as what it is: how long it took to come.
    expect((await readMetrics()).body).toContain('event_delay_seconds_count{consumer="test"} 2');
  });
});
