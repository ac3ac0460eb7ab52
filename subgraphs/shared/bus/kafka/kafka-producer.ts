import type { Kafka } from "kafkajs";
import type { Lease, PublishResult } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";
import { inBatches } from "./in-batches.ts";
import { connectSender, type Sender } from "./kafka-sender.ts";
import { type PublishFault, toPublishFault } from "./publish-faults.ts";
import { toOwnMessages } from "./wire/messages.ts";

/** Batches that wait for the one that is being sent; a caller who comes later keeps what it has. */
const MOST_WAITING = 64;

/** A record with its place in what was asked. */
interface Numbered {
  at: number;
  record: EventRecord;
}

interface Sending {
  lease: Lease | undefined;
  results: PublishResult[];
  /** Topics that took nothing: what comes after it must not leave before it. */
  refused: Set<string>;
}

export interface KafkaProducer {
  /** In the order of the records of each key, one send at a time; a result for each. */
  publish(records: readonly EventRecord[], lease?: Lease): Promise<PublishResult[]>;
  close(): Promise<void>;
}

/**
 * Sends one batch at a time and waits for every copy that must be written. A send whose end is not known leaves its producer
 * behind: the broker tells records of one producer apart by numbers alone, so that others sent under the numbers of the first
 * would be taken for it, and be acknowledged without being written.
 *
 * With an id of transactions, brokers take nothing from whoever had the id before. Whoever took it may have stood still
 * meanwhile, and shut out the owner of the lease: so it is asked, after that, whether the lease still is its own. Who claims
 * the lease later takes the id later.
 */
export function createKafkaProducer(kafka: Kafka, transactionalId?: string): KafkaProducer {
  let sender: Promise<Sender> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  async function discard(): Promise<void> {
    const old = sender;
    sender = undefined;
    await old?.then((each) => each.close()).catch(() => {});
  }

  async function connect(lease: Lease | undefined): Promise<Sender> {
    const connected = await connectSender(kafka, transactionalId);
    if (transactionalId === undefined || (await lease?.isOurs())) return connected;
    await connected.close();
    throw new Error(`the lease of ${lease?.name ?? "nobody"} is another's`);
  }

  async function trySend(records: readonly Numbered[], lease: Lease | undefined): Promise<PublishFault | undefined> {
    try {
      sender ??= connect(lease);
      const topics = Map.groupBy(records, ({ record }) => record.topic);
      const topicMessages = [...topics].map(([topic, each]) => ({
        topic,
        messages: toOwnMessages(each.map(({ record }) => record)),
      }));
      await (await sender).send(topicMessages);
      return undefined;
    } catch (error) {
      await discard();
      return toPublishFault(error);
    }
  }

  /** False when the brokers are away, and trying the rest is of no use. */
  async function send(records: readonly Numbered[], sending: Sending): Promise<boolean> {
    const open = records.filter(({ record }) => !sending.refused.has(record.topic));
    const fault = open.length === 0 ? undefined : await trySend(open, sending.lease);
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

  async function publish(records: readonly EventRecord[], lease?: Lease): Promise<PublishResult[]> {
    if (closed) return keepAll(records, "the bus is closed");
    const results = keepAll(records, "an earlier batch was not delivered");
    await sendEach(
      inBatches(toNumbered(records), ({ record }) => record),
      { lease, results, refused: new Set() },
    );
    return results;
  }

  return {
    async publish(records, lease) {
      if (waiting >= MOST_WAITING) return keepAll(records, `${MOST_WAITING} batches wait to be sent`);
      waiting += 1;
      const mine = last
        .then(() => publish(records, lease))
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

const keepAll = (records: readonly EventRecord[], reason: string): PublishResult[] =>
  records.map(() => ({ ok: false, kind: "retriable", reason }));

const toNumbered = (records: readonly EventRecord[]): Numbered[] => records.map((record, at) => ({ at, record }));
