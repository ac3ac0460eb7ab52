import { startTestKafka } from "@soma/local/test-kafka";
import type { Admin, Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../ids.ts";
import { createLog } from "../../log.ts";
import { until } from "../../testing/until.ts";
import { aRecord } from "../event-bus.contract.ts";
import type { EventBus, Lease } from "../event-bus.ts";
import { connectKafka } from "./connect-kafka.ts";
import { createKafkaBus } from "./kafka-bus.ts";
import { readKafkaSettings } from "./kafka-settings.ts";

const log = createLog({ level: "silent", service: "test" });

describe("createKafkaBus() with transactions", { timeout: 60_000 }, () => {
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

  const fail = (error: Error): void => {
    throw error;
  };
  const newBus = (): EventBus =>
    createKafkaBus({ kafka, log, hasTransactions: true, onCrash: fail, topicsEveryMs: 200 });

  /** A tenant of its own, with a lease that two publishers may have, one after the other. */
  async function aStage() {
    const id = newId().slice(-12);
    const tenant = `x${id}`;
    await admin.createTopics({
      topics: [{ topic: `soma.${tenant}.agent.audit.v1`, numPartitions: 2 }],
      waitForLeaders: true,
    });
    let owner = "first";
    const leaseOf = (who: string): Lease => ({ name: `test-${id}`, isOurs: async () => owner === who });
    const give = (who: string): void => {
      owner = who;
    };
    return { tenant, leaseOf, give, records: (...reasons: string[]) => reasons.map((each) => aRecord(each, tenant)) };
  }

  /** What consumers of a tenant have been handed, in its order: those of the client read what is committed by themselves. */
  async function reasonsOf(bus: EventBus, tenant: string): Promise<string[]> {
    const reasons: string[] = [];
    await bus.subscribe({ group: `look-${tenant}`, type: "agent.audit.v1" }, async ({ headers, value }) => {
      if (headers.ce_tenant === tenant) reasons.push((JSON.parse(value) as { reason: string }).reason);
    });
    return reasons;
  }

  it("delivers one batch after the other, in order, and the next one after a record that fits nowhere", async () => {
    const { tenant, leaseOf, records } = await aStage();
    const bus = newBus();
    const lease = leaseOf("first");
    for (const each of ["1", "2"]) expect(await bus.publish(records(each), lease)).toEqual([{ ok: true }]);
    const results = await bus.publish(records("3", "x".repeat(2_000_000), "4"), lease);
    expect(results.map((result) => (result.ok ? "ok" : result.kind))).toEqual(["ok", "poison", "ok"]);
    const reasons = await reasonsOf(bus, tenant);
    await until("all came", () => reasons.includes("4"), 30_000);
    expect(reasons).toEqual(["1", "2", "3", "4"]);
    await bus.close();
  });

  it("shuts out who had the lease before: what it still sends is refused by name, and nobody reads it", async () => {
    const { tenant, leaseOf, give, records } = await aStage();
    const [first, second] = [newBus(), newBus()];
    expect(await first.publish(records("of the first"), leaseOf("first"))).toEqual([{ ok: true }]);
    give("second");
    expect(await second.publish(records("of the second"), leaseOf("second"))).toEqual([{ ok: true }]);
    expect(await first.publish(records("too late"), leaseOf("first"))).toEqual([
      { ok: false, kind: "retriable", reason: expect.stringMatching(/INVALID_PRODUCER_EPOCH|PRODUCER_FENCED/) },
    ]);
    expect(await second.publish(records("the last"), leaseOf("second"))).toEqual([{ ok: true }]);
    const reasons = await reasonsOf(second, tenant);
    await until("the last came", () => reasons.includes("the last"), 30_000);
    expect(reasons).toEqual(["of the first", "of the second", "the last"]);
    await Promise.all([first.close(), second.close()]);
  });

  it("sends nothing of who shut out the owner and finds that the lease is another's; the owner comes back", async () => {
    const { tenant, leaseOf, give, records } = await aStage();
    const [late, owner] = [newBus(), newBus()];
    give("second");
    expect(await owner.publish(records("1"), leaseOf("second"))).toEqual([{ ok: true }]);
    expect(await late.publish(records("too late"), leaseOf("first"))).toEqual([
      { ok: false, kind: "retriable", reason: expect.stringMatching(/^the lease of test-.* is another's$/) },
    ]);
    const [shutOut] = await owner.publish(records("2"), leaseOf("second"));
    expect(shutOut).toMatchObject({ ok: false, kind: "retriable", reason: expect.stringMatching(/EPOCH|FENCED/) });
    expect(await owner.publish(records("3"), leaseOf("second"))).toEqual([{ ok: true }]);
    const reasons = await reasonsOf(owner, tenant);
    await until("the last came", () => reasons.includes("3"), 30_000);
    expect(reasons).toEqual(["1", "3"]);
    await Promise.all([late.close(), owner.close()]);
  });

  it("lets nobody read what was left in a transaction that its producer never ended", async () => {
    const { tenant, leaseOf, records } = await aStage();
    const lease = leaseOf("first");
    const left = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: `soma-relay.${lease.name}`,
    });
    await left.connect();
    // biome-ignore lint/plugin: one of brokers, not of a database
    const transaction = await left.transaction();
    await transaction.send({ topic: `soma.${tenant}.agent.audit.v1`, messages: records("never ended") });
    const bus = newBus();
    expect(await bus.publish(records("next"), lease)).toEqual([{ ok: true }]);
    const reasons = await reasonsOf(bus, tenant);
    await until("the next came", () => reasons.includes("next"), 30_000);
    expect(reasons).toEqual(["next"]);
    await left.disconnect();
    await bus.close();
  });
});
