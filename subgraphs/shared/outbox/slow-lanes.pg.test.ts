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
    // Rows are passed when no transaction is open that is older, and other tests have theirs.
    const untilLeft = (number: number) =>
      until("they left", async () => {
        await rounds(relay, 1);
        return seen.length >= number;
      });
    await untilLeft(3);
    await stage.say("b4", behind);
    await untilLeft(4);
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

  /** Emits an event that nobody sees before it is told to commit. */
  async function emitLate(key: string, said: string): Promise<() => Promise<void>> {
    const written = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const late = transaction(stage.database.request, { tenant: "acme" }, async (tx) => {
      await emit(tx, { type: "agent.audit.v1", tenant: "acme", key, data: anAudit(said) });
      written.resolve();
      await told.promise;
    });
    await written.promise;
    return () => {
      told.resolve();
      return late;
    };
  }

  it("has an event beside it that is committed late leave before the later ones of its key", async () => {
    const { bus, seen } = createRecordingBus(answer);
    const relay = stage.relay(bus);
    await stage.say("s", "slow");
    const [late, other] = [await stage.keyBeside("slow"), await stage.keyBeside("slow", 1)];
    await rounds(relay, 2);
    const commit = await emitLate(late, "1");
    await stage.say("between", other);
    await rounds(relay, 3);
    await commit();
    await stage.say("2", late);
    await until("all left", async () => {
      await rounds(relay, 1);
      return (await stage.waiting()) === 1;
    });
    expect(seen).toEqual(["between", "1", "2"]);
  });

  it("is passed for good once whoever wrote beside it has come to its end, and no round follows at once until then", async () => {
    const beside = await stage.keyBeside("slow");
    const commit = await emitLate(beside, "late");
    await stage.sayMany(numbers(0, 1_500), "slow");
    const [first] = await stage.database.owner<OutboxPlace[]>`select bucket, id, topic, key from outbox order by id`;
    const lanes = createSlowLanes<OutboxPlace>(1);
    lanes.hold(laneOf(first as OutboxPlace), first as OutboxPlace);
    const walks: Walks = new Map();
    const look = () => lookPast(stage.database.worker, { lanes, walks, perBucket: 64 });
    const start = () => walks.get(first?.bucket ?? -1)?.id;
    expect([(await look()).more, start()]).toEqual([true, "0"]);
    expect([(await look()).more, start()]).toEqual([false, "0"]);
    await commit();
    // Its number is lower than those that were looked at, and it is not passed over.
    expect((await look()).ids).toHaveLength(2);
    await until("they are passed", async () => {
      await look();
      return BigInt(start() ?? 0) >= BigInt(first?.id ?? 0) + 999n;
    });
  });
});
