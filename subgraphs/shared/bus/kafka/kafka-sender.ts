import type { Kafka, PartitionerArgs, Producer, TopicMessages, Transaction } from "kafkajs";
import { partitionOf } from "./wire/hash-key.ts";
import { replaceCoders } from "./wire/replace-coders.ts";

/** Within one send, with the same numbers, so that the broker tells a repeated one from a new one. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };
/** Who goes waits for answers that a broker which stands still may never give, and stops counting how long. */
const GOING_MS = 1_000;

/** One producer of the client. Once a send of it failed it is of no more use. */
export interface Sender {
  /** Resolves when every partition has been written, and the transaction they were in is committed. */
  send(topicMessages: TopicMessages[]): Promise<void>;
  close(): Promise<void>;
}

/** What a producer and its sends know of each other. */
interface Watch {
  /** Partitions that were chosen in this send, as `topic/partition`. */
  chosen: Set<string>;
  /** Which broker did not answer in time. */
  silent: string | undefined;
}

/** A producer that is connected. With an id of transactions, whoever had that id before is shut out by the brokers now. */
export async function connectSender(kafka: Kafka, transactionalId: string | undefined): Promise<Sender> {
  replaceCoders();
  const watch: Watch = { chosen: new Set(), silent: undefined };
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: () => watchingPartitioner(watch),
    retry: RETRY,
    ...(transactionalId === undefined ? {} : { transactionalId }),
  });
  producer.on(producer.events.REQUEST_TIMEOUT, ({ payload: { apiName, broker } }) => {
    watch.silent = `${broker} has not answered ${apiName} in time`;
  });
  try {
    await producer.connect();
    return transactionalId === undefined
      ? { send: (topicMessages) => sendWhole(producer, topicMessages, watch), close: () => leave(producer) }
      : await inTransactions(producer, watch);
  } catch (error) {
    await leave(producer);
    throw error;
  }
}

/** The first transaction is begun at once: by that the id is taken. */
async function inTransactions(producer: Producer, watch: Watch): Promise<Sender> {
  // biome-ignore lint/plugin: one of brokers, not of a database
  const begin = (): Promise<Transaction> => producer.transaction();
  let begun: Transaction | undefined = await begin();
  return {
    async send(topicMessages) {
      const transaction = begun ?? (await begin());
      begun = undefined;
      // One that fails is left open: whoever takes the id next ends it. The client's numbers may be wrong after a failure.
      await sendWhole(transaction, topicMessages, watch);
      await transaction.commit();
    },
    close: () => leave(producer),
  };
}

/**
 * When the leader of one partition dies during a send, and a broker takes it over that had answered for others already, the
 * client does not ask that broker again, and resolves as if all had been sent. So every partition has to have an answer.
 */
async function sendWhole(by: Pick<Producer, "sendBatch">, topicMessages: TopicMessages[], watch: Watch): Promise<void> {
  const { chosen } = watch;
  chosen.clear();
  const answers = await by.sendBatch({ acks: -1, topicMessages });
  for (const { topicName, partition } of answers) chosen.delete(`${topicName}/${partition}`);
  if (chosen.size > 0) throw new Error(`no broker answered for ${[...chosen].join(", ")}`);
}

/**
 * The client asks a leader that does not answer again and again, and never who leads by now. It chooses partitions anew for
 * each try, which is where such a send is ended: another producer finds out who leads.
 */
function watchingPartitioner(watch: Watch): (args: PartitionerArgs) => number {
  return ({ topic, message, partitionMetadata }) => {
    if (watch.silent !== undefined) throw new Error(watch.silent);
    const partition = partitionOf(String(message.key), partitionMetadata.length);
    watch.chosen.add(`${topic}/${partition}`);
    return partition;
  };
}

async function leave(producer: Producer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GOING_MS);
  await Promise.race([producer.disconnect().catch(() => {}), promise]);
  clearTimeout(timer);
}
