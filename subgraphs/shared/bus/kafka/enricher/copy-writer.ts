import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Admin, type Kafka, type Message, type Transaction } from "kafkajs";
import { inBatches } from "../in-batches.ts";
import { copyOf } from "./choose-topics.ts";
import type { Place } from "./enrich-message.ts";

const { KafkaJSProtocolError, Partitioners } = kafkajs;

const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };
/** Until it is asked again whether the transaction before has ended, and how often. */
const ENDING_MS = 5;
const MOST_ASKED = 400;

/** A message that was read; without its copy where only its trace was wanted, or nobody takes it. */
export interface ReadMessage {
  offset: string;
  copy: Message | undefined;
}

interface WriterOptions {
  kafka: Kafka;
  /** Whose offsets they are. */
  group: string;
  transactionalId: string;
}

interface Open {
  begin(): Promise<Transaction>;
  admin: Admin;
  /** From where each partition of a topic is to be read, asked for since the id is ours. */
  next: Map<string, Promise<Map<number, bigint>>>;
  close(): Promise<void>;
}

export interface CopyWriter {
  /** Writes the copies, and that the messages were read: both, or neither. What was read by then is left out. */
  write(place: Place, messages: readonly ReadMessage[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Writes each batch in a transaction together with its offset. The client's transactions do not say of which generation of a
 * group their offsets are, so the brokers keep a member apart that has lost its partitions by the id of the transactions alone:
 * who takes the id shuts out whoever had it, ends what they left, and asks after that how far they have come. What the
 * consumer believed by then does not count. One that had a failure takes the id again, since it may have come further than it knows.
 */
export function createCopyWriter(options: WriterOptions): CopyWriter {
  let open: Promise<Open> | undefined;

  async function leave(): Promise<void> {
    const left = open;
    open = undefined;
    await left?.then(({ close }) => close()).catch(() => {});
  }

  return {
    async write(place, messages) {
      try {
        open ??= take(options);
        await writeRest(await open, options.group, { place, messages });
      } catch (error) {
        await leave();
        throw error;
      }
    },
    close: leave,
  };
}

async function take({ kafka, group, transactionalId }: WriterOptions): Promise<Open> {
  const admin = kafka.admin({ retry: RETRY });
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: RETRY,
  });
  const close = async (): Promise<void> => {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  };
  try {
    await Promise.all([producer.connect(), admin.connect()]);
    const { transaction: begin } = producer;
    // The first one takes the id. Nothing is in it, so that no broker hears of its end.
    const first = await begin();
    await first.abort();
    return { begin, admin, next: new Map(), close };
  } catch (error) {
    await close();
    throw new Error(`transactions of ${group} cannot be begun`, { cause: error });
  }
}

interface Batch {
  place: Place;
  messages: readonly ReadMessage[];
}

async function writeRest(open: Open, group: string, { place, messages }: Batch): Promise<void> {
  const { topic, partition } = place;
  const asked = open.next.get(topic) ?? findNext(open.admin, group, topic);
  open.next.set(topic, asked);
  const next = await asked;
  const rest = messages.filter(({ offset }) => BigInt(offset) >= (next.get(partition) ?? 0n));
  const last = rest.at(-1);
  if (last === undefined) return;
  const after = BigInt(last.offset) + 1n;
  const copies = rest.flatMap(({ copy }) => copy ?? []);
  await inTransaction(open, async (transaction) => {
    const partitions = [{ partition, offset: String(after) }];
    await addOffsets(transaction, { consumerGroupId: group, topics: [{ topic, partitions }] });
    for (const part of inBatches(copies, (copy) => copy)) {
      const answers = await transaction.send({ topic: copyOf(topic), acks: -1, messages: part });
      if (answers.length === 0) throw new Error(`no broker answered for ${copyOf(topic)}/${partition}`);
    }
  });
  next.set(partition, after);
}

/** How far the group has come in a topic; a partition that it has not begun has -1. */
async function findNext(admin: Admin, groupId: string, topic: string): Promise<Map<number, bigint>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

async function inTransaction({ begin }: Open, work: (transaction: Transaction) => Promise<void>): Promise<void> {
  const transaction = await begin();
  try {
    await work(transaction);
    await transaction.commit();
  } catch (error) {
    // Otherwise readers would wait for it until it is over by itself, should this be the last that is heard of us.
    await transaction.abort().catch(() => {});
    throw error;
  }
}

/** First of all in a transaction: until the one before has ended, which takes brokers some milliseconds, nothing can be added. */
async function addOffsets(transaction: Transaction, offsets: Parameters<Transaction["sendOffsets"]>[0]): Promise<void> {
  for (let asked = 1; ; asked += 1) {
    try {
      await transaction.sendOffsets(offsets);
      return;
    } catch (error) {
      const isEnding = error instanceof KafkaJSProtocolError && error.type === "CONCURRENT_TRANSACTIONS";
      if (!isEnding || asked >= MOST_ASKED) throw error;
      await sleep(ENDING_MS);
    }
  }
}
