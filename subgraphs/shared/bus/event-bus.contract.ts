import { expect, it } from "vitest";
import { SomaError } from "../errors.ts";
import { newId } from "../ids.ts";
import { until } from "../testing/until.ts";
import type { EventBus, RecordHandler } from "./event-bus.ts";
import { type EventRecord, toRecord } from "./event-record.ts";

/** A group of several processes takes a while to find together. */
const TAKEN_MS = 30_000;

/** An audit event of a tenant, to be told apart by its reason. */
export function aRecord(reason: string, tenant = "acme"): EventRecord {
  const data = {
    event_id: newId(),
    category: "policy" as const,
    actor: "a",
    subject: "s",
    decision: "allow",
    reason,
    timestamp: new Date().toISOString(),
    meta: {},
  };
  return toRecord({ type: "agent.audit.v1", tenant, key: tenant, data, eventId: newId(), at: new Date() });
}

const reasonOf = (record: EventRecord): string => (JSON.parse(record.value) as { reason: string }).reason;

/** Names that no other test uses: what a bus keeps, it keeps for all. */
function aTest() {
  const id = newId().slice(-12);
  const [tenant, other] = [`t${id}`, `o${id}`];
  const mine = new Set([tenant, other]);
  return {
    tenant,
    other,
    group: `g${id}`,
    /** Hands on what this test has published, and nothing of others. */
    ofMine:
      (handle: RecordHandler): RecordHandler =>
      async (record) => {
        if (mine.has(record.headers.ce_tenant ?? "")) await handle(record);
      },
  };
}

/** Publishes what the bus has not taken yet, each time it is called. */
function outboxOf(bus: EventBus, records: EventRecord[]): () => Promise<void> {
  let waiting = records;
  return async () => {
    const results = await bus.publish(waiting);
    waiting = waiting.filter((_record, index) => results[index]?.ok !== true);
  };
}

/** What every bus does; call it inside describe(). `make` gives one that takes events of these tenants. */
export function eventBusContract(make: (tenants: readonly string[]) => Promise<EventBus>): void {
  it("delivers each record to every group, in order per key", async () => {
    const { tenant, other, group, ofMine } = aTest();
    const bus = await make([tenant, other]);
    const seen: Record<string, string[]> = { a: [], b: [] };
    for (const each of ["a", "b"])
      await bus.subscribe(
        { group: group + each, type: "agent.audit.v1" },
        ofMine(async (record) => void seen[each]?.push(reasonOf(record))),
      );
    const reasons = Array.from({ length: 20 }, (_, i) => String(i));
    const results = await bus.publish(reasons.map((reason) => aRecord(reason, tenant)));
    expect(results).toEqual(reasons.map(() => ({ ok: true })));
    await until("both groups have all", () => seen.a?.length === 20 && seen.b?.length === 20, TAKEN_MS);
    expect(seen).toEqual({ a: reasons, b: reasons });
    await bus.close();
  });

  it("gives a group only the type it asked for", async () => {
    const { tenant, other, group, ofMine } = aTest();
    const bus = await make([tenant, other]);
    const seen: string[] = [];
    const asked: string[] = [];
    await bus.subscribe(
      { group, type: "agent.runs.v1" },
      ofMine(async ({ topic }) => void seen.push(topic)),
    );
    await bus.subscribe(
      { group, type: "agent.audit.v1" },
      ofMine(async ({ topic }) => void asked.push(topic)),
    );
    await bus.publish([aRecord("not for you", tenant)]);
    await until("who asked for it has it", () => asked.length === 1, TAKEN_MS);
    expect(seen).toEqual([]);
    await bus.close();
  });

  it("goes on after a record that its consumer can never read", async () => {
    const { tenant, other, group, ofMine } = aTest();
    const bus = await make([tenant, other]);
    const seen: string[] = [];
    const take = async (record: EventRecord): Promise<void> => {
      if (reasonOf(record) === "unreadable") throw new SomaError("EVENT_INVALID", "not of its schema");
      seen.push(reasonOf(record));
    };
    await bus.subscribe({ group, type: "agent.audit.v1" }, ofMine(take));
    await bus.publish([aRecord("unreadable", tenant), aRecord("the next of its key", tenant)]);
    await until("the next was taken", () => seen.length === 1, TAKEN_MS);
    expect(seen).toEqual(["the next of its key"]);
    await bus.close();
  });

  it("delivers again what a consumer could not take, before later records of its key", async () => {
    const { tenant, group, ofMine } = aTest();
    const bus = await make([tenant]);
    const seen: string[] = [];
    let failing = true;
    const take = async (record: EventRecord): Promise<void> => {
      if (failing && reasonOf(record) === "first") throw new Error("not now");
      seen.push(reasonOf(record));
    };
    await bus.subscribe({ group, type: "agent.audit.v1" }, ofMine(take));
    const publish = outboxOf(bus, [aRecord("first", tenant), aRecord("second", tenant)]);
    await publish();
    failing = false;
    await publish();
    await until("all were taken", () => seen.length === 2, TAKEN_MS);
    expect(seen).toEqual(["first", "second"]);
    await bus.close();
  });

  it("delivers those of other tenants while one of a tenant cannot be taken", async () => {
    const { tenant, other, group, ofMine } = aTest();
    const bus = await make([tenant, other]);
    const seen: string[] = [];
    let failing = true;
    const take = async (record: EventRecord): Promise<void> => {
      if (failing && record.headers.ce_tenant === tenant) throw new Error("not now");
      seen.push(reasonOf(record));
    };
    await bus.subscribe({ group, type: "agent.audit.v1" }, ofMine(take));
    const publish = outboxOf(bus, [aRecord("cannot be taken", tenant), aRecord("of another", other)]);
    await publish();
    await until("that of the other was taken", () => seen.length === 1, TAKEN_MS);
    expect(seen).toEqual(["of another"]);
    failing = false;
    await publish();
    await until("it was taken", () => seen.length === 2, TAKEN_MS);
    expect(seen).toEqual(["of another", "cannot be taken"]);
    await bus.close();
  });

  it("has handled what it began when it is closed", async () => {
    const { tenant, group, ofMine } = aTest();
    const bus = await make([tenant]);
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    let ended = false;
    const take = async (): Promise<void> => {
      begun.resolve();
      await go.promise;
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
    };
    await bus.subscribe({ group, type: "agent.audit.v1" }, ofMine(take));
    const published = bus.publish([aRecord("begun", tenant)]);
    await begun.promise;
    const closed = bus.close();
    go.resolve();
    await closed;
    expect(ended).toBe(true);
    expect(await published).toEqual([{ ok: true }]);
  });

  it("takes nothing once it is closed, so that the outbox keeps it", async () => {
    const { tenant, other } = aTest();
    const bus = await make([tenant, other]);
    await bus.close();
    expect(await bus.publish([aRecord("late", tenant)])).toEqual([
      { ok: false, kind: "retriable", reason: "the bus is closed" },
    ]);
  });

  it("refuses a second consumer of the same group and type", async () => {
    const { tenant, other, group } = aTest();
    const bus = await make([tenant, other]);
    await bus.subscribe({ group, type: "agent.audit.v1" }, async () => {});
    await expect(bus.subscribe({ group, type: "agent.audit.v1" }, async () => {})).rejects.toThrow(/already consumes/);
    await bus.close();
  });
}
