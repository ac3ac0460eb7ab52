import { createRequire } from "node:module";
import type { EventBus, PublishResult, RecordHandler } from "@soma/shared/bus/event-bus";
import type { EventRecord } from "@soma/shared/bus/event-record";

/** As many as a send of ours takes. */
const MOST_BYTES = 900_000;
const FRAME_BYTES = 1_024;

/** Installed by hand, so the compiler does not know it: this is what is asked of it. */
interface Client {
  Producer: new (
    options: object,
  ) => {
    send(options: { messages: object[] }): Promise<unknown>;
    close(): Promise<void>;
  };
  Consumer: new (
    options: object,
  ) => {
    consume(options: object): Promise<AsyncIterable<Message> & { close(): Promise<void> }>;
    close(force: boolean): Promise<void>;
  };
  Admin: new (options: object) => { listTopics(): Promise<string[]>; close(): Promise<void> };
  compatibilityPartitioner: unknown;
  stringSerializers: object;
  stringDeserializers: object;
}

interface Message {
  topic: string;
  key: string;
  value: string;
  headers: Map<string, string>;
  commit(): Promise<void>;
}

function load(): Client {
  const name = "@platformatic/kafka";
  try {
    return createRequire(import.meta.url)(name) as Client;
  } catch (cause) {
    const install = "npm install --prefix tests/load/relay/peers --ignore-scripts --no-package-lock";
    throw new Error(`${name} is not installed for the peers; run: ${install}`, { cause });
  }
}

/**
 * The bus on another client, as far as a measurement goes: what fails is kept whole, and records are handled one at a time. Its
 * promises are not those of ours: see docs/decisions/0039-another-client-of-kafka.md.
 */
export function createPlatformaticBus(brokers: readonly string[]): EventBus {
  const { Producer, Consumer, Admin, compatibilityPartitioner, stringSerializers, stringDeserializers } = load();
  const place = { clientId: "soma", bootstrapBrokers: brokers, timeout: 10_000 };
  const producer = new Producer({
    ...place,
    idempotent: true,
    serializers: stringSerializers,
    // Its own default takes other partitions than those of every other client.
    partitioner: compatibilityPartitioner,
  });
  const consumers: { close(): Promise<void> }[] = [];
  let last: Promise<unknown> = Promise.resolve();

  async function send(records: readonly EventRecord[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    for (const batch of inBatches(records)) {
      const messages = batch.map(({ topic, key, value, headers }) => ({ topic, key, value, headers }));
      const failure = await producer.send({ messages }).then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (failure !== undefined) break;
      results.push(...batch.map((): PublishResult => ({ ok: true })));
    }
    const kept: PublishResult = { ok: false, kind: "retriable", reason: "a batch was not delivered" };
    return records.map((_record, at) => results[at] ?? kept);
  }

  return {
    publish(records) {
      const mine = last.then(() => send(records));
      last = mine.catch(() => {});
      return mine;
    },
    async subscribe({ group, type }, handle) {
      const admin = new Admin(place);
      const topics = (await admin.listTopics()).filter((topic) => topic.endsWith(`.${type}`));
      await admin.close();
      const consumer = new Consumer({ ...place, groupId: group, deserializers: stringDeserializers });
      const stream = await consumer.consume({ topics, autocommit: false, mode: "committed", fallbackMode: "earliest" });
      const reading = read(stream, handle);
      const subscription = {
        async close() {
          await stream.close();
          await reading;
          await consumer.close(true);
        },
      };
      consumers.push(subscription);
      return subscription;
    },
    async close() {
      await Promise.all(consumers.map((each) => each.close()));
      await last;
      await producer.close();
    },
  };
}

/** Commits now and then, after the handler; what it fails at ends the measurement. */
async function read(stream: AsyncIterable<Message>, handle: RecordHandler): Promise<void> {
  let committedAt = performance.now();
  for await (const message of stream) {
    const { topic, key, value, headers } = message;
    await handle({ topic, key, value, headers: Object.fromEntries(headers) });
    if (performance.now() - committedAt < 1_000) continue;
    committedAt = performance.now();
    await message.commit();
  }
}

function inBatches(records: readonly EventRecord[]): EventRecord[][] {
  const batches: EventRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = Buffer.byteLength(record.value) + FRAME_BYTES;
    if (bytes + size > MOST_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(record);
    bytes += size;
  }
  return batches;
}
