import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import type { Kafka } from "kafkajs";
import type { World } from "./world.ts";

const READ_MS = 60_000;

/** A record as the broker keeps it. */
export interface Kept {
  value: string;
  /** By the clock of the broker. */
  at: number;
}

/** Everything that a topic has, each partition in its order. Empty when there is no such topic. */
export async function readLog({ kafka, admin }: Pick<World, "kafka" | "admin">, topic: string): Promise<Kept[]> {
  if (!(await admin.listTopics()).includes(topic)) return [];
  const offsets = await admin.fetchTopicOffsets(topic);
  const wanted = new Map(offsets.filter(({ high }) => high !== "0").map(({ partition, high }) => [partition, high]));
  if (wanted.size === 0) return [];
  const partitions = await readUntil(kafka, topic, wanted);
  return [...partitions.values()].flatMap((records) => [...records.values()]);
}

/** Records by their offset; one that is fetched twice is still one. */
type Partitions = Map<number, Map<string, Kept>>;

async function readUntil(kafka: Kafka, topic: string, wanted: ReadonlyMap<number, string>): Promise<Partitions> {
  const partitions: Partitions = new Map();
  const ended = new Set<number>();
  const consumer = kafka.consumer({ groupId: `soma-consumers.log.${newId()}`, allowAutoTopicCreation: false });
  try {
    // The last offset may be the mark of a commit, which is handed to nobody.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (BigInt(lastOffset) + 1n >= BigInt(wanted.get(partition) ?? 0)) ended.add(partition);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, value, timestamp } }) => {
        const records = partitions.get(partition) ?? new Map<string, Kept>();
        partitions.set(partition, records.set(offset, { value: value?.toString() ?? "", at: Number(timestamp) }));
      },
    });
    await until(`all of ${topic} was read`, () => [...wanted.keys()].every((each) => ended.has(each)), READ_MS);
  } finally {
    await consumer.disconnect();
  }
  return partitions;
}
