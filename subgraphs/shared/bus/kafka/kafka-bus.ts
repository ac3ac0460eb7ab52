import { toDeadRecord } from "../dead-record.ts";
import type { EventBus, Lease } from "../event-bus.ts";
import { type EventRecord, tenantOfTopic } from "../event-record.ts";
import { type FollowOptions, followTopics } from "./follow-topics.ts";
import { createBatchHandler } from "./handle-batch.ts";
import { startKafkaConsumer } from "./kafka-consumer.ts";
import { createKafkaProducer, type KafkaProducer } from "./kafka-producer.ts";
import { createPool } from "./pool.ts";

interface KafkaBusOptions extends FollowOptions {
  /** Whether what is published under a lease is sent in transactions, and who had it before is shut out. */
  hasTransactions?: boolean;
}

/**
 * The bus of several processes. A record counts as published when Kafka has it on as many brokers as its topic asks for;
 * consumers of a group share the partitions of every tenant's topic of a type.
 */
export function createKafkaBus(options: KafkaBusOptions): EventBus {
  const pool = createPool(options.pooledTenants ?? []);
  const producer = createKafkaProducer(options.kafka);
  const producers = new Map<string, KafkaProducer>();
  const subscriptions = new Map<string, { close(): Promise<void> }>();
  const { kafka, log, onCrash } = options;
  function producerOf(lease: Lease | undefined): KafkaProducer {
    if (lease === undefined || options.hasTransactions !== true) return producer;
    const found = producers.get(lease.name) ?? createKafkaProducer(options.kafka, `soma-relay.${lease.name}`);
    producers.set(lease.name, found);
    return found;
  }
  const park = (record: EventRecord, reason: string): Promise<void> => publishDead(producer, record, reason);
  return {
    publish: (records, lease) => producerOf(lease).publish(records.map(pool.toPlace), lease),
    async subscribe({ group, type }, handle) {
      const name = groupOf(group, type);
      if (subscriptions.has(name)) throw new Error(`group ${group} already consumes ${type}`);
      const handling = { group: name, log, handle: (record: EventRecord) => handle(pool.fromPlace(record)), park };
      const follower = followTopics({
        ...options,
        group: name,
        choose: (there) => there.filter((topic) => tenantOfTopic(topic, type) !== undefined),
        start: (reading) =>
          startKafkaConsumer({
            ...reading,
            kafka,
            group: name,
            log,
            onCrash,
            createBatches: (life) => createBatchHandler(handling, life),
          }),
      });
      subscriptions.set(name, follower);
      return {
        async close() {
          await follower.close();
          subscriptions.delete(name);
        },
      };
    },
    async close() {
      // Consumers first: what they keep apart still has to leave.
      await Promise.all([...subscriptions.values()].map((each) => each.close()));
      await Promise.all([producer, ...producers.values()].map((each) => each.close()));
    },
  };
}

/**
 * A group of Kafka reads what all its members ask for, so each type has one of its own. Its name begins as no tenant's does:
 * the principal of a tenant may join every group whose name begins with `soma.TENANT.`.
 */
function groupOf(group: string, type: string): string {
  return `soma-consumers.${group}.${type}`;
}

async function publishDead(producer: KafkaProducer, record: EventRecord, reason: string): Promise<void> {
  const [result] = await producer.publish([toDeadRecord(record, reason)]);
  if (result?.ok !== true) throw new Error(`a dead letter of ${record.topic} was not kept: ${result?.reason}`);
}
