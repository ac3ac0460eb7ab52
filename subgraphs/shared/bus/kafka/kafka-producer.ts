import kafkajs, { type Kafka, type PartitionerArgs, type Producer, type TopicMessages } from "kafkajs";
import type { PublishResult } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";
import { type PublishFault, toPublishFault } from "./publish-faults.ts";

/** Bytes of the records of one send: brokers take a megabyte for one partition unless they are told otherwise. */
const MOST_BYTES = 900_000;
/** What headers, and the framing of a record, may add to its value. */
const FRAME_BYTES = 1_024;
/** Batches that wait for the one that is being sent; a caller who comes later keeps what it has. */
const MOST_WAITING = 64;
/** Within one send, with the same numbers, so that the broker tells a repeated one from a new one. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** A record with its place in what was asked. */
interface Numbered {
  at: number;
  record: EventRecord;
}

interface Sending {
  results: PublishResult[];
  /** Topics that took nothing: what comes after it must not leave before it. */
  refused: Set<string>;
}

/** One producer of the client, and the partitions it chose for what it sends, as `topic/partition`. */
interface Sender {
  producer: Producer;
  chosen: Set<string>;
}

export interface KafkaProducer {
  /** In the order of the records of each key, one send at a time; a result for each. */
  publish(records: readonly EventRecord[]): Promise<PublishResult[]>;
  close(): Promise<void>;
}

/**
 * Sends one batch at a time and waits for every copy that must be written. A send whose end is not known leaves its producer
 * behind: the broker tells records of one producer apart by numbers alone, so that others sent under the numbers of the first
 * would be taken for it, and be acknowledged without being written.
 */
export function createKafkaProducer(kafka: Kafka): KafkaProducer {
  let sender: Promise<Sender> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  async function discard(): Promise<void> {
    const old = sender;
    sender = undefined;
    await old?.then(({ producer }) => producer.disconnect()).catch(() => {});
  }

  async function trySend(records: readonly Numbered[]): Promise<PublishFault | undefined> {
    try {
      sender ??= connect(kafka);
      const topics = Map.groupBy(records, ({ record }) => record.topic);
      const topicMessages = [...topics].map(([topic, each]) => ({ topic, messages: each.map(toMessage) }));
      await sendWhole(await sender, topicMessages);
      return undefined;
    } catch (error) {
      await discard();
      return toPublishFault(error);
    }
  }

  /** False when the brokers are away, and trying the rest is of no use. */
  async function send(records: readonly Numbered[], sending: Sending): Promise<boolean> {
    const open = records.filter(({ record }) => !sending.refused.has(record.topic));
    const fault = open.length === 0 ? undefined : await trySend(open);
    if (fault === undefined) {
      for (const { at } of open) sending.results[at] = { ok: true };
      return true;
    }
    const topics = [...Map.groupBy(open, ({ record }) => record.topic).values()];
    if (fault.about !== "broker" && topics.length > 1) return sendEach(topics, sending);
    if (fault.about === "record" && open.length > 1)
      return sendEach(
        open.map((each) => [each]),
        sending,
      );
    for (const { at, record } of open) {
      sending.results[at] = {
        ok: false,
        kind: fault.about === "record" ? "poison" : "retriable",
        reason: fault.reason,
      };
      if (fault.about === "topic") sending.refused.add(record.topic);
    }
    return fault.about !== "broker";
  }

  async function sendEach(parts: readonly Numbered[][], sending: Sending): Promise<boolean> {
    for (const part of parts) if (!(await send(part, sending))) return false;
    return true;
  }

  async function publish(records: readonly EventRecord[]): Promise<PublishResult[]> {
    if (closed) return keepAll(records, "the bus is closed");
    const results = keepAll(records, "an earlier batch was not delivered");
    await sendEach(inBatches(records), { results, refused: new Set() });
    return results;
  }

  return {
    async publish(records) {
      if (waiting >= MOST_WAITING) return keepAll(records, `${MOST_WAITING} batches wait to be sent`);
      waiting += 1;
      const mine = last
        .then(() => publish(records))
        .finally(() => {
          waiting -= 1;
        });
      last = mine.catch(() => {});
      return mine;
    },
    async close() {
      closed = true;
      await last;
      await discard();
    },
  };
}

/**
 * When the leader of one partition dies during a send, and a broker takes it over that had answered for others already, the
 * client does not ask that broker again, and resolves as if all had been sent. So every partition has to have an answer.
 */
async function sendWhole({ producer, chosen }: Sender, topicMessages: TopicMessages[]): Promise<void> {
  chosen.clear();
  const answers = await producer.sendBatch({ acks: -1, topicMessages });
  for (const { topicName, partition } of answers) chosen.delete(`${topicName}/${partition}`);
  if (chosen.size > 0) throw new Error(`no broker answered for ${[...chosen].join(", ")}`);
}

async function connect(kafka: Kafka): Promise<Sender> {
  const chosen = new Set<string>();
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner() {
      const choose = kafkajs.Partitioners.DefaultPartitioner();
      return (args: PartitionerArgs): number => {
        const partition = choose(args);
        chosen.add(`${args.topic}/${partition}`);
        return partition;
      };
    },
    retry: RETRY,
  });
  await producer.connect();
  return { producer, chosen };
}

const keepAll = (records: readonly EventRecord[], reason: string): PublishResult[] =>
  records.map(() => ({ ok: false, kind: "retriable", reason }));

const toMessage = ({ record: { key, value, headers } }: Numbered) => ({ key, value, headers });

/** So many at a time as fit; one that fits nowhere is alone, and the broker says what it thinks of it. */
function inBatches(records: readonly EventRecord[]): Numbered[][] {
  const batches: Numbered[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [at, record] of records.entries()) {
    const size = Buffer.byteLength(record.value) + FRAME_BYTES;
    if (bytes + size > MOST_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push({ at, record });
    bytes += size;
  }
  return batches;
}
