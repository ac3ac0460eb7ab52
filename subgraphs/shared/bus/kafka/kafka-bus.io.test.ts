import { startTestKafka } from "@soma/local/test-kafka";
import type { Admin, Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SomaError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { createLog } from "../../log.ts";
import { until } from "../../testing/until.ts";
import { aRecord, eventBusContract } from "../event-bus.contract.ts";
import type { EventBus } from "../event-bus.ts";
import { connectKafka } from "./connect-kafka.ts";
import { createKafkaBus } from "./kafka-bus.ts";
import { readKafkaSettings } from "./kafka-settings.ts";

const log = createLog({ level: "silent", service: "test" });
const TYPES = ["agent.audit.v1", "agent.runs.v1"];

describe("createKafkaBus()", { timeout: 60_000 }, () => {
  let server: Awaited<ReturnType<typeof startTestKafka>>;
  let kafka: Kafka;
  let admin: Admin;

  beforeAll(async () => {
    server = await startTestKafka();
    kafka = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: server.brokers.join() }), log);
    admin = kafka.admin();
    await admin.connect();
  }, 400_000);
  afterAll(async () => {
    await admin.disconnect();
    await server.stop();
  });

  async function createTopics(tenants: readonly string[]): Promise<void> {
    const names = tenants.flatMap((tenant) => TYPES.map((type) => `soma.${tenant}.${type}`));
    const topics = names.flatMap((topic) => [topic, `${topic}.dlq`]).map((topic) => ({ topic, numPartitions: 2 }));
    await admin.createTopics({ topics, waitForLeaders: true });
  }
  const fail = (error: Error): void => {
    throw error;
  };
  async function make(tenants: readonly string[]): Promise<EventBus> {
    await createTopics(tenants);
    return createKafkaBus({ kafka, log, onCrash: fail, topicsEveryMs: 200 });
  }

  eventBusContract(make);

  it("keeps a record that no handler can read in the dead letters of its topic, with the reason", async () => {
    const tenant = `d${newId().slice(-12)}`;
    const bus = await make([tenant]);
    const group = `dead-${tenant}`;
    await bus.subscribe({ group, type: "agent.audit.v1" }, async ({ headers }) => {
      if (headers.ce_tenant === tenant) throw new SomaError("EVENT_INVALID", "not of its schema");
    });
    const record = aRecord("unreadable", tenant);
    expect(await bus.publish([record])).toEqual([{ ok: true }]);
    const dead = kafka.consumer({ groupId: `look-${tenant}` });
    const found: Record<string, string>[] = [];
    await dead.connect();
    await dead.subscribe({ topics: [`soma.${tenant}.agent.audit.v1.dlq`], fromBeginning: true });
    await dead.run({
      eachMessage: async ({ message: { value, headers = {} } }) =>
        void found.push({ value: String(value), reason: String(headers["soma-dead-reason"]) }),
    });
    await until("the dead letter is there", () => found.length > 0, 30_000);
    expect(found).toEqual([{ value: record.value, reason: "not of its schema" }]);
    await dead.disconnect();
    await bus.close();
  });

  it("takes those of other topics while one topic is not there, and says which", async () => {
    const tenant = `m${newId().slice(-12)}`;
    const bus = await make([tenant]);
    const results = await bus.publish([aRecord("here", tenant), aRecord("nowhere", "nobody"), aRecord("too", tenant)]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ kind: "retriable", reason: expect.stringContaining("UNKNOWN_TOPIC") });
    await bus.close();
  });

  it("says of a record that is too large that it can never be delivered, and takes those beside it", async () => {
    const tenant = `l${newId().slice(-12)}`;
    const bus = await make([tenant]);
    const results = await bus.publish([
      aRecord("before", tenant),
      aRecord("x".repeat(2_000_000), tenant),
      aRecord("after", tenant),
    ]);
    expect(results.map((result) => (result.ok ? "ok" : result.kind))).toEqual(["ok", "poison", "ok"]);
    await bus.close();
  });

  it("hears of the topic of a tenant that comes later", async () => {
    const tenant = `n${newId().slice(-12)}`;
    const bus = createKafkaBus({ kafka, log, onCrash: fail, topicsEveryMs: 200 });
    const seen: string[] = [];
    await bus.subscribe({ group: `late-${tenant}`, type: "agent.audit.v1" }, async ({ headers }) => {
      if (headers.ce_tenant === tenant) seen.push(tenant);
    });
    await createTopics([tenant]);
    await bus.publish([aRecord("late", tenant)]);
    await until("it is heard of", () => seen.length === 1, 30_000);
    await bus.close();
  });

  /** Takes what is of a tenant, in the order it comes. */
  async function take(bus: EventBus, group: string, tenant: string): Promise<string[]> {
    const keys: string[] = [];
    await bus.subscribe({ group, type: "agent.audit.v1" }, async ({ headers, key }) => {
      if (headers.ce_tenant === tenant) keys.push(key);
    });
    return keys;
  }
  const ofKeys = (tenant: string, keys: string[]) => keys.map((key) => ({ ...aRecord("one", tenant), key }));
  const keysFrom = (first: number, count: number) => Array.from({ length: count }, (_key, at) => String(first + at));
  async function isShared(group: string, members: number): Promise<boolean> {
    const { groups } = await admin.describeGroups([`soma-consumers.${group}.agent.audit.v1`]);
    return groups[0]?.state === "Stable" && groups[0].members.length === members;
  }

  it("shares the records of a topic between two of a group, and gives all to the one that stays", async () => {
    const tenant = `s${newId().slice(-12)}`;
    const [first, second] = [await make([tenant]), createKafkaBus({ kafka, log, onCrash: fail })];
    const group = `share-${tenant}`;
    const [ofFirst, ofSecond] = [await take(first, group, tenant), await take(second, group, tenant)];
    await until("both are of the group", () => isShared(group, 2), 30_000);
    const early = keysFrom(0, 40);
    await first.publish(ofKeys(tenant, early));
    await until("all were taken", () => ofFirst.length + ofSecond.length >= 40, 30_000);
    expect([...ofFirst, ...ofSecond].toSorted()).toEqual(early.toSorted());
    expect(Math.min(ofFirst.length, ofSecond.length)).toBeGreaterThan(0);
    await first.close();
    const late = keysFrom(40, 20);
    await second.publish(ofKeys(tenant, late));
    await until("the other took the rest", () => late.every((key) => ofSecond.includes(key)), 30_000);
    await second.close();
  });

  it("begins after what its group had handled when it was closed", async () => {
    const tenant = `c${newId().slice(-12)}`;
    const group = `again-${tenant}`;
    const first = await make([tenant]);
    const early = await take(first, group, tenant);
    await first.publish(ofKeys(tenant, ["a", "b", "c"]));
    await until("three were taken", () => early.length === 3, 30_000);
    await first.close();
    const second = createKafkaBus({ kafka, log, onCrash: fail });
    const late = await take(second, group, tenant);
    await second.publish(ofKeys(tenant, ["d"]));
    await until("the fourth was taken", () => late.includes("d"), 30_000);
    expect(late).toEqual(["d"]);
    await second.close();
  });

  it("says of a broker that is not there that what it should take is to be tried again", async () => {
    const away = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: "127.0.0.1:1" }), log);
    const bus = createKafkaBus({ kafka: away, log, onCrash: fail });
    expect(await bus.publish([aRecord("kept")])).toEqual([
      { ok: false, kind: "retriable", reason: expect.stringContaining("ECONNREFUSED") },
    ]);
    await bus.close();
  });
});
