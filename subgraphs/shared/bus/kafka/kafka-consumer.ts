import type { Consumer, Kafka, PartitionAssigner } from "kafkajs";
import type { Log } from "../../log.ts";
import type { BatchHandler, ConsumerLife } from "./handle-batch.ts";
import { BEAT_MS } from "./heartbeat.ts";
import { replaceCoders } from "./wire/replace-coders.ts";

/** A consumer that is not heard of for so long has its partitions given to others. */
const SESSION_MS = 10 * BEAT_MS;
/** Partitions of one consumer that are handled at a time; the records of each in their order. */
const AT_ONCE = 4;
/** How long brokers hold a question for new records; a partition that waits is asked for again so late. */
const LOOK_MS = 500;
/** A handler that has not ended by then is not waited for. */
const CLOSE_MS = 20_000;

interface KafkaConsumerParams {
  kafka: Kafka;
  group: string;
  topics: readonly string[];
  log: Log;
  /** Handles what is fetched, of each partition one batch after the other. */
  createBatches(life: ConsumerLife): BatchHandler;
  /** Which member of the group has which partitions; they share them when left out. */
  assigner?: PartitionAssigner | undefined;
  /** Partitions that are handled at a time. */
  atOnce?: number | undefined;
  /** Milliseconds without a sign after which others have the partitions of a consumer. */
  sessionMs?: number | undefined;
  /** Told when the client gave it up for a reason that may pass: another one is to be made. */
  onStop(): void;
  /** Told when it was given up for a reason that does not pass. */
  onCrash(error: Error): void;
}

export interface KafkaConsumer {
  /** Milliseconds since the brokers last answered or a record was handled. */
  silentMs(): number;
  hasStopped(): boolean;
  /** Waits for the handlers that run, and commits what they did. Throws when one does not end. */
  close(): Promise<void>;
}

/**
 * Reads topics from their beginning for a group. How far it has come is told to the brokers by who handles the batches: after
 * the handler of what stands before it, so that a record is handled at least once whoever dies.
 */
export async function startKafkaConsumer(params: KafkaConsumerParams): Promise<KafkaConsumer> {
  const { kafka, group, topics, log, assigner, atOnce = AT_ONCE, sessionMs = SESSION_MS } = params;
  replaceCoders();
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionMs,
    heartbeatInterval: BEAT_MS,
    maxWaitTimeInMs: LOOK_MS,
    allowAutoTopicCreation: false,
    ...(assigner === undefined ? {} : { partitionAssigners: [assigner] }),
    // One that comes back by itself while it is being closed can no longer be stopped, and keeps its partitions.
    retry: { restartOnFailure: async () => false },
  });
  const life: ConsumerLife = { closing: false, stopped: false, heardAt: performance.now() };
  const batches = params.createBatches(life);
  const close = async (): Promise<void> => {
    life.closing = true;
    batches.close();
    await inTime(consumer.disconnect(), `a consumer of ${group} did not stop within ${CLOSE_MS} ms`);
  };
  watch(consumer, life, params);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: atOnce,
      eachBatch: batches.handle,
    });
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  log.info({ group, topics }, "a consumer of Kafka reads");
  return { silentMs: () => performance.now() - life.heardAt, hasStopped: () => life.stopped, close };
}

/**
 * Heartbeats do not count as a sign of life: the client may send them and fetch nothing. It fetches, an empty answer or not,
 * at least every LOOK_MS unless it waits for a handler.
 */
function watch(consumer: Consumer, life: ConsumerLife, params: KafkaConsumerParams): void {
  const { group, log, onStop, onCrash } = params;
  consumer.on(consumer.events.FETCH, () => {
    life.heardAt = performance.now();
  });
  consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
    if (life.closing) return;
    life.stopped = true;
    const passes = mayPass(error);
    log.warn({ err: error, group, passes }, "a consumer of Kafka stopped");
    if (passes) onStop();
    else onCrash(error);
  });
}

/** As the client itself decides whether to begin again. */
function mayPass(error: Error): boolean {
  if (error.name === "KafkaJSNumberOfRetriesExceeded") return true;
  return error.cause instanceof Error ? mayPass(error.cause) : "retriable" in error && error.retriable === true;
}

async function inTime(work: Promise<void>, fault: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(fault)), CLOSE_MS);
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
