import type { Kafka } from "kafkajs";
import type { Log } from "../../log.ts";
import { startLoop } from "../../loop.ts";
import { counter } from "../../metrics.ts";
import type { EventBus, RecordHandler } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";
import { type KafkaConsumer, startKafkaConsumer } from "./kafka-consumer.ts";
import { createKafkaProducer, type KafkaProducer } from "./kafka-producer.ts";

/** How often it is asked which topics there are: those of a new tenant are heard of so late. */
const TOPICS_EVERY_MS = 10_000;
/** Three sessions of the client: one that is silent for longer is taken for stuck. */
const STALLED_MS = 90_000;

const restarts = counter("kafka_consumer_restarts_total", "Consumers that were made anew", ["group", "why"]);

export interface KafkaBusOptions {
  kafka: Kafka;
  log: Log;
  /** Told when a consumer has stopped for good: the process is to end, and to be started again. */
  onCrash(error: Error): void;
  topicsEveryMs?: number;
  stalledMs?: number;
}

/**
 * The bus of several processes. A record counts as published when Kafka has it on as many brokers as its topic asks for;
 * consumers of a group share the partitions of every tenant's topic of a type.
 */
export function createKafkaBus(options: KafkaBusOptions): EventBus {
  const producer = createKafkaProducer(options.kafka);
  const subscriptions = new Set<{ close(): Promise<void> }>();
  const names = new Set<string>();
  return {
    publish: producer.publish,
    async subscribe({ group, type }, handle) {
      const name = `${group}.${type}`;
      if (names.has(name)) throw new Error(`group ${group} already consumes ${type}`);
      names.add(name);
      const follower = followTopics({ ...options, producer, group: name, type, handle });
      subscriptions.add(follower);
      return {
        async close() {
          subscriptions.delete(follower);
          names.delete(name);
          await follower.close();
        },
      };
    },
    async close() {
      await Promise.all([...subscriptions].map((each) => each.close()));
      await producer.close();
    },
  };
}

interface FollowParams extends KafkaBusOptions {
  producer: KafkaProducer;
  group: string;
  type: string;
  handle: RecordHandler;
}

/** One consumer of all topics of a type that there are; made anew when there is another one, and when it is stuck. */
function followTopics(params: FollowParams): { close(): Promise<void> } {
  const { kafka, group, log, onCrash, topicsEveryMs = TOPICS_EVERY_MS, stalledMs = STALLED_MS } = params;
  const admin = kafka.admin();
  let connected: Promise<void> | undefined;
  let reading: { topics: string; consumer: KafkaConsumer } | undefined;

  async function findTopics(): Promise<string[]> {
    connected ??= admin.connect();
    try {
      await connected;
      return (await admin.listTopics()).filter((topic) => isOfType(topic, params.type)).toSorted();
    } catch (error) {
      connected = undefined;
      throw error;
    }
  }

  async function look(): Promise<boolean> {
    const topics = await findTopics();
    const isStuck = (reading?.consumer.silentMs() ?? 0) > stalledMs;
    if (topics.length === 0 || (reading?.topics === topics.join() && !isStuck)) return false;
    if (reading !== undefined) {
      restarts.inc({ group, why: isStuck ? "stalled" : "topics" });
      if (isStuck) log.warn({ group, silentMs: Math.round(reading.consumer.silentMs()) }, "a consumer of Kafka is stuck");
      const { consumer } = reading;
      reading = undefined;
      await consumer.close();
    }
    const park = (record: EventRecord, reason: string): Promise<void> => publishDead(params.producer, record, reason);
    const consumer = await startKafkaConsumer({ kafka, group, topics, handle: params.handle, park, log, onCrash });
    reading = { topics: topics.join(), consumer };
    return false;
  }

  const loop = startLoop({ name: `kafka-${group}`, intervalMs: topicsEveryMs, log }, look);
  return {
    async close() {
      await loop.close();
      await reading?.consumer.close();
      await connected?.then(() => admin.disconnect()).catch(() => {});
    },
  };
}

/** Whether a topic holds the events of one tenant of a type. */
function isOfType(topic: string, type: string): boolean {
  const [, tenant] = topic.startsWith("soma.") && topic.endsWith(`.${type}`) ? topic.split(".", 2) : [];
  return tenant !== undefined && topic === `soma.${tenant}.${type}`;
}

/** The record as it came, with where from and why, beside its topic. */
async function publishDead(producer: KafkaProducer, record: EventRecord, reason: string): Promise<void> {
  const headers = { ...record.headers, "soma-dead-topic": record.topic, "soma-dead-reason": reason.slice(0, 1_024) };
  const [result] = await producer.publish([{ ...record, topic: `${record.topic}.dlq`, headers }]);
  if (result?.ok !== true) throw new Error(`a dead letter of ${record.topic} was not kept: ${result?.reason}`);
}
