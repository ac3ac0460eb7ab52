import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PublishResult } from "../bus/event-bus.ts";
import type { EventRecord } from "../bus/event-record.ts";
import { transaction } from "../postgres/transaction.ts";
import { anAudit, createOutboxStage, createRecordingBus, type OutboxStage } from "../testing/outbox-stage.ts";
import { until } from "../testing/until.ts";
import { emit } from "./emit.ts";
import { laneOf, lookPast, type Walks } from "./look-past.ts";
import type { Relay } from "./relay.ts";
import { createSlowLanes } from "./slow-lanes.ts";
import type { OutboxPlace } from "./store/list-places.ts";

const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => String(from + i));

describe("a lane that the bus does not take", () => {
  let stage: OutboxStage;
  let failing: Set<string>;
  let asked: string[];
  const answer = ({ key }: EventRecord): PublishResult => {
    asked.push(key);
    return failing.has(key) ? { ok: false, kind: "retriable", reason: "not now" } : { ok: true };
  };

  beforeAll(async () => {
    stage = await createOutboxStage();
  });
  beforeEach(async () => {
    await stage.clear();
    failing = new Set(["slow"]);
    asked = [];
  });
  afterAll(() => stage.close());

  /** Rounds as the loop makes them: one that delivers nothing fails, and the next one comes all the same. */
  const rounds = async (relay: Relay, count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await relay.tick().catch(() => false);
  };
  it.each([64, 65, 500, 2_500])("with %i rows starves no other key of its bucket", async (count) => {
    await stage.sayMany(numbers(0, count), "slow");
    const behind = await stage.keyBeside("slow");
    await stage.sayMany(["b1", "b2", "b3"], behind);
    const { bus, seen } = createRecordingBus(answer);
    const relay = stage.relay(bus);
    await rounds(relay, 6);
    expect(seen).toEqual(["b1", "b2", "b3"]);
    await stage.say("b4", behind);
    await rounds(relay, 2);
    expect(seen).toEqual(["b1", "b2", "b3", "b4"]);
    expect(await stage.waiting()).toBe(count);
  });

  it("goes on in its own order once the bus takes it", async () => {
    await stage.sayMany(numbers(0, 150), "slow");
    const { bus, seen } = createRecordingBus(answer);
    const relay = stage.relay(bus);
    await rounds(relay, 5);
    expect(seen).toEqual([]);
    await stage.say("150", "slow");
    failing.clear();
    await until("all were taken", async () => {
      await relay.tick();
      return (await stage.waiting()) === 0;
    });
    expect(seen).toEqual(numbers(0, 151));
  });

  it("is asked for again with its first event only, and not in every round", async () => {
    await stage.sayMany(numbers(0, 100), "slow");
    const relay = stage.relay(createRecordingBus(answer).bus);
    await rounds(relay, 1);
    expect(asked).toHaveLength(64);
    asked = [];
    await rounds(relay, 40);
    expect(asked.length).toBeLessThan(10);
    expect(await relay.tick().catch(() => false)).toBe(false);
  });

  it("goes on when its first event has left by another relay, or by a delete whose answer was lost", async () => {
    await stage.sayMany(["0", "1", "2"], "slow");
    const { bus, seen } = createRecordingBus(answer);
    const relay = stage.relay(bus);
    await rounds(relay, 1);
    await stage.database.owner`delete from outbox where id = (select min(id) from outbox)`;
    failing.clear();
    await rounds(relay, 3);
    expect(seen).toEqual(["1", "2"]);
    expect(await stage.waiting()).toBe(0);
  });

  it("lets no later event of a key pass those of a round that did not come to its end", async () => {
    await stage.say("s", "slow");
    const behind = await stage.keyBeside("slow");
    let broken = false;
    const { bus, seen } = createRecordingBus((record) => {
      if (broken) throw new Error("the connection was lost");
      return answer(record);
    });
    const relay = stage.relay(bus);
    await rounds(relay, 1);
    await stage.sayMany(["b1", "b2"], behind);
    broken = true;
    await rounds(relay, 1);
    broken = false;
    await stage.say("b3", behind);
    await rounds(relay, 2);
    expect(seen).toEqual(["b1", "b2", "b3"]);
  });

  it("lets none of its events pass another when it is one more than can be told apart", async () => {
    failing = new Set(Array.from({ length: 256 }, (_, i) => `slow-${i}`));
    for (const key of failing) await stage.say("never", key);
    const late = await stage.keyBeside("slow-0");
    const { bus, seen } = createRecordingBus(answer);
    const relay = stage.relay(bus);
    await rounds(relay, 1);
    failing.add(late);
    await stage.say("1", late);
    await rounds(relay, 1);
    failing.delete(late);
    await stage.say("2", late);
    await rounds(relay, 2);
    expect(seen).toEqual(["1", "2"]);
  });

  it("hides no event that was written before those already passed and committed after them", async () => {
    const beside = await stage.keyBeside("slow");
    const written = Promise.withResolvers<void>();
    const passed = Promise.withResolvers<void>();
    const late = transaction(stage.database.request, { tenant: "acme" }, async (tx) => {
      await emit(tx, { type: "agent.audit.v1", tenant: "acme", key: beside, data: anAudit("late") });
      written.resolve();
      await passed.promise;
    });
    await written.promise;
    await stage.sayMany(numbers(0, 100), "slow");
    const [first] = await stage.database.owner<OutboxPlace[]>`select bucket, id, topic, key from outbox order by id`;
    const lanes = createSlowLanes<OutboxPlace>(1);
    lanes.hold(laneOf(first as OutboxPlace), first as OutboxPlace);
    const walks: Walks = new Map();
    const look = async (now: number): Promise<number> =>
      (await lookPast(stage.database.worker, { lanes, walks, perBucket: 64, now })).ids.length;
    expect(await look(0)).toBe(1);
    passed.resolve();
    await late;
    expect(await look(9_999)).toBe(1);
    expect(await look(10_000)).toBe(2);
    expect(await look(10_001)).toBe(1);
  });
});
