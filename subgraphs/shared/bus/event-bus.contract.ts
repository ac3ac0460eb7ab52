import { expect, it } from "vitest";
import { SomaError } from "../errors.ts";
import { newId } from "../ids.ts";
import { until } from "../testing/until.ts";
import type { EventBus } from "./event-bus.ts";
import { type EventRecord, toRecord } from "./event-record.ts";

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

/** What every bus does; call it inside describe(). */
export function eventBusContract(make: () => Promise<EventBus>): void {
  it("delivers each record to every group, in order per key", async () => {
    const bus = await make();
    const seen: Record<string, string[]> = { a: [], b: [] };
    for (const group of ["a", "b"])
      await bus.subscribe(
        { group, type: "agent.audit.v1" },
        async (record) => void seen[group]?.push(reasonOf(record)),
      );
    const reasons = Array.from({ length: 20 }, (_, i) => String(i));
    expect(await bus.publish(reasons.map((reason) => aRecord(reason)))).toEqual(reasons.map(() => ({ ok: true })));
    await until("both groups have all", () => seen.a?.length === 20 && seen.b?.length === 20);
    expect(seen).toEqual({ a: reasons, b: reasons });
    await bus.close();
  });

  it("gives a group only the type it asked for", async () => {
    const bus = await make();
    const seen: string[] = [];
    await bus.subscribe({ group: "g", type: "agent.runs.v1" }, async (record) => void seen.push(reasonOf(record)));
    await bus.publish([aRecord("not for you")]);
    expect(seen).toEqual([]);
    await bus.close();
  });

  it("goes on after a record that its consumer can never read", async () => {
    const bus = await make();
    const seen: string[] = [];
    await bus.subscribe({ group: "g", type: "agent.audit.v1" }, async (record) => {
      if (reasonOf(record) === "unreadable") throw new SomaError("EVENT_INVALID", "not of its schema");
      seen.push(reasonOf(record));
    });
    await bus.publish([aRecord("unreadable"), aRecord("the next of its key")]);
    await until("the next was taken", () => seen.length === 1);
    expect(seen).toEqual(["the next of its key"]);
    await bus.close();
  });

  it("delivers again what a consumer could not take, before later records of its key", async () => {
    const bus = await make();
    const seen: string[] = [];
    let failing = true;
    await bus.subscribe({ group: "g", type: "agent.audit.v1" }, async (record) => {
      if (failing && reasonOf(record) === "first") throw new Error("not now");
      seen.push(reasonOf(record));
    });
    let waiting = [aRecord("first"), aRecord("second"), aRecord("of another key", "other")];
    const publish = async (): Promise<void> => {
      const results = await bus.publish(waiting);
      waiting = waiting.filter((_record, index) => results[index]?.ok !== true);
    };
    await publish();
    failing = false;
    await publish();
    await until("all were taken", () => seen.length === 3);
    expect(seen.filter((reason) => reason !== "of another key")).toEqual(["first", "second"]);
    await bus.close();
  });
}
