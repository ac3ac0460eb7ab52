import type { Kafka } from "kafkajs";
import { SomaError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type Loop, startLoop } from "../../loop.ts";
import { counter } from "../../metrics.ts";
import type { KafkaConsumer } from "./kafka-consumer.ts";

/** How often it is asked which topics there are: those of a new tenant are heard of so late. */
const TOPICS_EVERY_MS = 10_000;
/** Three times as long as brokers wait for a consumer: one that is silent for longer is taken for stuck. */
const STALLED_MS = 90_000;

const restarts = counter("kafka_consumer_restarts_total", "Consumers that were made anew", ["group", "why"]);

export interface FollowOptions {
  kafka: Kafka;
  log: Log;
  /** Tenants that share topics; none when left out. */
  pooledTenants?: readonly string[];
  /** Told when a consumer has stopped for good: the process is to end, and to be started again. */
  onCrash(error: Error): void;
  topicsEveryMs?: number;
  stalledMs?: number;
}

/** What a consumer is made with each time. */
interface ToRead {
  topics: readonly string[];
  onStop(): void;
}

interface FollowParams extends FollowOptions {
  group: string;
  /** Those that are to be read, of all that there are. */
  choose(there: readonly string[]): string[];
  start(reading: ToRead): Promise<KafkaConsumer>;
}

type Why = "stopped" | "stalled" | "topics";

interface Reading {
  topics: string;
  consumer: KafkaConsumer;
}

/**
 * One consumer of all topics there are that are to be read: the client does not hear of new ones by itself, so it is made anew
 * when there is another one, when the client gave it up, and when it is stuck.
 */
export function followTopics(params: FollowParams): Pick<Loop, "check" | "close"> {
  const { group, log, choose, start, onCrash, topicsEveryMs = TOPICS_EVERY_MS, stalledMs = STALLED_MS } = params;
  const list = createTopicList(params.kafka);
  let reading: Reading | undefined;

  async function stop(why: Why, { consumer }: Reading): Promise<void> {
    reading = undefined;
    restarts.inc({ group, why });
    if (why === "stalled")
      log.warn({ group, silentMs: Math.round(consumer.silentMs()) }, "a consumer of Kafka is stuck");
    // Two at a time would mix the order of what they handle.
    await consumer.close().catch((error: Error) => {
      onCrash(error);
      throw error;
    });
  }

  function whyAnew({ consumer, topics: read }: Reading, topics: string[]): Why | undefined {
    if (consumer.hasStopped()) return "stopped";
    if (consumer.silentMs() > stalledMs) return "stalled";
    return read === topics.join() ? undefined : "topics";
  }

  async function look(): Promise<boolean> {
    const topics = choose(await list.find()).toSorted();
    const why = reading === undefined ? undefined : whyAnew(reading, topics);
    if (reading !== undefined) {
      if (why === undefined) return false;
      await stop(why, reading);
    }
    if (topics.length > 0) {
      const onStop = (): void => loop.wake();
      const consumer = await start({ topics, onStop }).catch(throwAway);
      reading = { topics: topics.join(), consumer };
    }
    return false;
  }

  const loop = startLoop({ name: `kafka-${group}`, intervalMs: topicsEveryMs, log }, look);
  return {
    check: loop.check,
    async close() {
      await loop.close();
      await reading?.consumer
        .close()
        .catch((error: unknown) => log.warn({ err: error, group }, "a consumer of Kafka did not stop"));
      await list.close();
    },
  };
}

/** Which topics there are. */
function createTopicList(kafka: Kafka) {
  const admin = kafka.admin({ retry: { retries: 2 } });
  let connected: Promise<void> | undefined;
  return {
    async find(): Promise<string[]> {
      connected ??= admin.connect();
      try {
        await connected;
        return await admin.listTopics();
      } catch (error) {
        connected = undefined;
        return throwAway(error);
      }
    },
    async close(): Promise<void> {
      await connected?.then(() => admin.disconnect()).catch(() => {});
    },
  };
}

/** An outage, which a loop tells once, and tries again soon. */
function throwAway(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new SomaError("UNAVAILABLE", `Kafka cannot be asked: ${reason}`, { cause });
}
