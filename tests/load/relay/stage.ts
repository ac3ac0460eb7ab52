import { startKafka } from "@soma/local/kafka-cluster";
import type { EventBus, RecordHandler } from "@soma/shared/bus/event-bus";
import { type EventRecord, topicOf } from "@soma/shared/bus/event-record";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { readSharedMigrations } from "@soma/shared/postgres/migrate";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { until } from "@soma/shared/testing/until";
import type { Admin, Kafka } from "kafkajs";
import { type RelayProcess, spawnRelay } from "../../chaos/relay/relays.ts";
import { startMeasuredServer } from "../engine/server.ts";

export const TYPE = "agent.audit.v1";
const PARTITIONS = 3;

/** A broker, a database that counts statements, an outbox, and a topic for each measurement. */
export interface Stage {
  kafka: Kafka;
  brokers: readonly string[];
  database: TestDatabase;
  /** A topic of a tenant that nobody has used, in place of the one before; the tenant. */
  newTenant(): Promise<string>;
  startRelays(count: number, program?: string): RelayProcess[];
  /** Hands on what comes on the topic of the tenant, once the consumer reads it. */
  follow(tenant: string, handle: RecordHandler): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  const server = await startMeasuredServer();
  process.env.SOMA_TEST_DATABASE_URL = server.url;
  const database = await createTestDatabase("relay", await readSharedMigrations());
  // Ours locks no row; who does, needs it.
  await database.owner`grant update on outbox to soma_worker`;
  const cluster = await startKafka();
  const kafka = connectKafka(readKafkaSettings({ SOMA_KAFKA_BROKERS: cluster.brokers.join() }), createSilentLog());
  const admin = kafka.admin();
  await admin.connect();
  let last: string | undefined;
  const place = { databaseUrl: database.urls.worker, schema: database.schema, brokers: cluster.brokers };
  return {
    kafka,
    brokers: cluster.brokers,
    database,
    async newTenant() {
      const tenant = `t${newId().slice(-12)}`;
      const topic = topicOf(tenant, TYPE);
      await dropTopic(admin, last);
      last = topic;
      await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: false });
      await until("the topic has leaders", async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.every(({ leader }) => leader > 0);
      });
      return tenant;
    },
    startRelays: (count, program) =>
      Array.from({ length: count }, () => spawnRelay(program === undefined ? place : { ...place, program })),
    follow: (tenant, handle) => follow(kafka, topicOf(tenant, TYPE), handle),
    async close() {
      await admin.disconnect();
      await cluster.stop();
      await database.close();
      await server.stop();
    },
  };
}

/** A consumer reads every topic of its type. */
async function dropTopic(admin: Admin, topic: string | undefined): Promise<void> {
  if (topic === undefined) return;
  await admin.deleteTopics({ topics: [topic] });
  await until("the topic is gone", async () => !(await admin.listTopics()).includes(topic));
}

/** Reads with the product's consumer. */
async function follow(kafka: Kafka, topic: string, handle: RecordHandler): Promise<{ close(): Promise<void> }> {
  const bus = createBus(kafka);
  let isReading = false;
  const take = async (record: EventRecord): Promise<void> => {
    if (record.headers.ce_id === undefined) isReading = true;
    else await handle(record);
  };
  await bus.subscribe({ group: `load-${newId().slice(-12)}`, type: TYPE }, take);
  await bus.publish([{ topic, key: "", headers: {}, value: "{}" }]);
  await until("the consumer reads", () => isReading, 60_000);
  return bus;
}

export function createBus(kafka: Kafka): EventBus {
  return createKafkaBus({
    kafka,
    log: createSilentLog(),
    onCrash(error) {
      throw error;
    },
  });
}
