import { startKafka } from "@soma/local/kafka-cluster";
import type { Admin, Kafka } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../log.ts";
import { until } from "../../testing/until.ts";
import { aRecord } from "../event-bus.contract.ts";
import type { EventRecord } from "../event-record.ts";
import { connectKafka } from "./connect-kafka.ts";
import { createKafkaBus } from "./kafka-bus.ts";
import { createKafkaProducer } from "./kafka-producer.ts";
import { readKafkaSettings } from "./kafka-settings.ts";

const log = createLog({ level: "silent", service: "test" });
const TOPIC = "soma.acme.agent.audit.v1";
const RECORDS = 200;
const STILL = "soma.still.agent.runs.v1";
/** Partition 0 goes to broker 2 when broker 1 is gone, which leads partition 1 by then, whose copies need no broker 1. */
const MOVING = "soma.moving.agent.runs.v1";
const REPLICAS = [
  { partition: 0, replicas: [1, 2] },
  { partition: 1, replicas: [2, 3] },
];

describe("createKafkaBus() on three brokers, two of which must write", { timeout: 120_000 }, () => {
  let server: Awaited<ReturnType<typeof startKafka>>;
  let kafka: Kafka;
  let admin: Admin;

  beforeAll(async () => {
    server = await startKafka({ brokers: 3 });
    kafka = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: server.brokers.join() }), log);
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true });
  }, 400_000);
  afterAll(async () => {
    await admin.disconnect();
    await server.stop();
  });

  async function leadersOf(asked: Admin, topic: string): Promise<number[]> {
    const { topics } = await asked.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.map(({ leader }) => leader) ?? [];
  }

  async function inSyncOf(topic: string): Promise<number | undefined> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions[0]?.isr.length;
  }

  it("loses nothing when a partition moves, in the middle of a send, to a broker that answered for another one", async () => {
    const shape = { topic: MOVING, numPartitions: -1, replicationFactor: -1, replicaAssignment: REPLICAS };
    // Broker 2 is alone with partition 0 by then.
    const configEntries = [{ name: "min.insync.replicas", value: "1" }];
    await admin.createTopics({ topics: [{ ...shape, configEntries }], waitForLeaders: false });
    const patient = { SOMA_KAFKA_BROKERS: server.brokers.join(), SOMA_KAFKA_REQUEST_MS: "60000" };
    const producer = createKafkaProducer(connectKafka(readKafkaSettings(patient), log));
    // Of these keys, some are in each partition.
    const [first, ...others] = Array.from({ length: RECORDS }, (_record, at) => ({
      ...aRecord(String(at), "moving"),
      topic: MOVING,
      key: String(at),
    }));
    if (first === undefined) throw new Error("there is no record");
    await until("the brokers take it", async () => (await producer.publish([first]))[0]?.ok);
    server.freeze(0);
    const sending = producer.publish(others);
    const beside = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: server.brokers.slice(1).join() }), log).admin();
    await beside.connect();
    await until(
      "broker 2 leads both",
      async () => (await leadersOf(beside, MOVING)).every((leader) => leader === 2),
      30_000,
    );
    await beside.disconnect();
    await server.kill(0);
    const results = await sending;
    const waiting = others.filter((_record, at) => results[at]?.ok !== true);
    await until("all were sent", async () => (await producer.publish(waiting)).every(({ ok }) => ok), 30_000);
    await server.restart(0);
    const kept = new Set<string>();
    const consumer = kafka.consumer({ groupId: "moving" });
    await consumer.connect();
    await consumer.subscribe({ topic: MOVING, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void kept.add(message.key?.toString() ?? "") });
    await until("all are there", () => kept.size === RECORDS, 20_000).catch(() => {});
    await consumer.disconnect();
    await producer.close();
    expect(kept.size).toBe(RECORDS);
  });

  it("sends on while the leader stands still, which is also the first broker that it is told", async () => {
    const shape = { topic: STILL, numPartitions: -1, replicationFactor: -1 };
    const replicaAssignment = [{ partition: 0, replicas: [1, 2, 3] }];
    await admin.createTopics({ topics: [{ ...shape, replicaAssignment }], waitForLeaders: false });
    const impatient = { SOMA_KAFKA_BROKERS: server.brokers.join(), SOMA_KAFKA_REQUEST_MS: "3000" };
    const producer = createKafkaProducer(connectKafka(readKafkaSettings(impatient), log));
    const record = { ...aRecord("sent on", "still"), topic: STILL };
    const isTaken = async (): Promise<boolean> => (await producer.publish([record]))[0]?.ok === true;
    await until(
      "its leader takes it",
      async () => (await leadersOf(admin, STILL))[0] === 1 && (await isTaken()),
      20_000,
    );
    server.freeze(0);
    try {
      await until("another one takes it", isTaken, 40_000);
    } finally {
      server.thaw(0);
    }
    await producer.close();
  });

  it("loses nothing and keeps the order of a key while the leader of its partition is killed", async () => {
    const bus = createKafkaBus({
      kafka,
      log,
      onCrash(error) {
        throw error;
      },
    });
    const seen: string[] = [];
    await bus.subscribe({ group: "all", type: "agent.audit.v1" }, async ({ headers }) => {
      const id = headers.ce_id ?? "";
      // As an inbox does: what came before comes to nothing.
      if (!seen.includes(id)) seen.push(id);
    });
    const records = Array.from({ length: RECORDS }, (_record, at) => aRecord(String(at), "acme"));
    let waiting: EventRecord[] = records;
    const publish = async (): Promise<boolean> => {
      const results = await bus.publish(waiting.slice(0, 20));
      waiting = waiting.filter((_record, at) => results[at]?.ok !== true);
      const failed = results.find(({ ok }) => !ok);
      if (failed?.ok === false) throw new Error(failed.reason);
      return waiting.length === 0;
    };
    await until("the first are taken", async () => (await publish()) || waiting.length < RECORDS);
    // One that stood still, or was started again, may be behind: with two behind nobody could take over.
    await until("all three have it", async () => (await inSyncOf(TOPIC)) === 3, 60_000);
    const [leader = 0] = await leadersOf(admin, TOPIC);
    await server.kill(leader - 1);
    // It was seen twice that no other was chosen for 90 s (LEADER_NOT_AVAILABLE); six kills did not show why.
    // The one that was killed comes back.
    const back = setTimeout(() => void server.restart(leader - 1), 25_000);
    await until("the others took over, and have all", publish, 90_000);
    clearTimeout(back);
    await until("all were handled", () => seen.length === RECORDS, 60_000);
    expect(seen).toEqual(records.map(({ headers }) => headers.ce_id));
    await bus.close();
  });
});
