import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import { backoffMs } from "../../backoff.ts";
import { SomaError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { counter } from "../../metrics.ts";
import type { RecordHandler } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";

const SESSION_MS = 30_000;
/** Partitions of one consumer that are handled at a time; the records of each in their order. */
const AT_ONCE = 4;
const COMMIT_EVERY_MS = 1_000;
const RETRY = { initialMs: 100, maxMs: 10_000 };

const repeated = counter("kafka_consumer_retries_total", "Records whose handler failed and was called again", ["group"]);
const parked = counter("kafka_dead_letters_total", "Records that no handler can read", ["group"]);

export interface KafkaConsumerParams {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  handle: RecordHandler;
  /** Keeps a record that can never be read; it counts as handled once this is done. */
  park(record: EventRecord, reason: string): Promise<void>;
  log: Log;
  /** Told once when it has stopped for good: not by `close`, and not to come back by itself. */
  onCrash(error: Error): void;
}

export interface KafkaConsumer {
  /** Milliseconds since the brokers last answered or a record was handled. */
  silentMs(): number;
  close(): Promise<void>;
}

/**
 * Reads topics from their beginning for a group and hands on one record at a time of each partition. An offset is committed
 * after the handler of what stands before it, so that a record is handled at least once whoever dies.
 */
export async function startKafkaConsumer(params: KafkaConsumerParams): Promise<KafkaConsumer> {
  const { kafka, group, topics, log } = params;
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: SESSION_MS / 10,
    allowAutoTopicCreation: false,
  });
  const life = { closing: false, heardAt: performance.now(), stop: new AbortController() };
  watch(consumer, life, params);
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: AT_ONCE,
    eachBatch: (payload) => handleBatch(payload, { ...params, consumer, life }),
  });
  log.info({ group, topics }, "a consumer of Kafka reads");
  return {
    silentMs: () => performance.now() - life.heardAt,
    async close() {
      life.closing = true;
      life.stop.abort();
      await consumer.disconnect();
    },
  };
}

interface Life {
  closing: boolean;
  heardAt: number;
  stop: AbortController;
}

function watch(consumer: Consumer, life: Life, { group, log, onCrash }: KafkaConsumerParams): void {
  const heard = (): void => {
    life.heardAt = performance.now();
  };
  consumer.on(consumer.events.FETCH, heard);
  consumer.on(consumer.events.HEARTBEAT, heard);
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    log.warn({ err: error, group, restart }, "a consumer of Kafka stopped");
    if (!restart && !life.closing) onCrash(error);
  });
}

type BatchParams = KafkaConsumerParams & { consumer: Consumer; life: Life };

async function handleBatch(payload: EachBatchPayload, params: BatchParams): Promise<void> {
  const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
  const { topic, partition } = batch;
  const goesOn = (): boolean => isRunning() && !isStale() && !params.life.closing;
  let committedAt = performance.now();
  let next: string | undefined;
  const commit = async (): Promise<void> => {
    if (next !== undefined) await params.consumer.commitOffsets([{ topic, partition, offset: next }]);
    committedAt = performance.now();
    next = undefined;
  };
  for (const message of batch.messages) {
    if (!goesOn() || !(await handleOne(toRecord(topic, message), { ...params, goesOn, heartbeat }))) break;
    resolveOffset(message.offset);
    next = String(BigInt(message.offset) + 1n);
    params.life.heardAt = performance.now();
    await heartbeat();
    if (performance.now() - committedAt >= COMMIT_EVERY_MS) await commit();
  }
  await commit();
}

type OneParams = BatchParams & { goesOn(): boolean; heartbeat(): Promise<void> };

/** Tries until the record is handled or kept apart; false when the consumer lost its partition or ends before that. */
async function handleOne(record: EventRecord, params: OneParams): Promise<boolean> {
  const { handle, park, group, log, goesOn, heartbeat, life } = params;
  let unreadable: string | undefined;
  for (let failures = 0; goesOn(); ) {
    try {
      if (unreadable === undefined) await handle(record);
      else await park(record, unreadable);
      return true;
    } catch (error) {
      if (unreadable === undefined && error instanceof SomaError && error.code === "EVENT_INVALID") {
        unreadable = error.message;
        parked.inc({ group });
        continue;
      }
      failures += 1;
      repeated.inc({ group });
      log.warn({ err: error, group, topic: record.topic, failures }, "a record was not handled and is tried again");
      await sleep(backoffMs(RETRY, failures), undefined, { signal: life.stop.signal }).catch(() => {});
      await heartbeat();
    }
  }
  return false;
}

function toRecord(topic: string, { key, value, headers = {} }: KafkaMessage): EventRecord {
  const texts = Object.entries(headers).map(([name, each]) => [name, String(Array.isArray(each) ? each[0] : each)]);
  return {
    topic,
    key: key?.toString() ?? "",
    value: value?.toString() ?? "",
    headers: Object.fromEntries(texts) as Record<string, string>,
  };
}
