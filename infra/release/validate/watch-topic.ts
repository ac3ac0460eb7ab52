import { randomUUID } from "node:crypto";
import { isRecord } from "@soma/schemas/json";
import { topicOf } from "@soma/shared/bus/event-record";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createPool } from "@soma/shared/bus/kafka/pool";
import { createSilentLog } from "@soma/shared/log";

const TYPE = "agent.runs.v1";
/** Names that our consumers' groups begin with, which is what the user of Kafka may have. */
const GROUP = "soma-consumers.checklist-";
const JOIN_MS = 60_000;

/** What is told of runs from now on, as anybody hears it who reads their topic. */
export interface WatchedTopic {
  name: string;
  has(runId: string, status: string): boolean;
  close(): Promise<void>;
}

/** Reads the topic of a tenant's runs in a group of its own, which is taken away again. */
export async function watchTopic(tenant: string, env: NodeJS.ProcessEnv): Promise<WatchedTopic> {
  const settings = readKafkaSettings(env);
  const place = { topic: topicOf(tenant, TYPE), key: "", headers: {}, value: "" };
  const { topic } = createPool(settings.pooledTenants).toPlace(place);
  const kafka = connectKafka(settings, createSilentLog());
  const groupId = GROUP + randomUUID();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, retry: { retries: 2 } });
  const heard = new Set<string>();
  const joined = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${topic} could not be read within ${JOIN_MS / 1_000} s`)),
      JOIN_MS,
    );
    consumer.on(consumer.events.GROUP_JOIN, () => {
      clearTimeout(timer);
      resolve();
    });
  });
  // Whoever fails before it is waited for is told below.
  joined.catch(() => {});
  const admin = kafka.admin();
  const close = async (): Promise<void> => {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {});
    await admin.disconnect();
  };
  try {
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({
      async eachMessage({ message }) {
        const data: unknown = JSON.parse(String(message.value));
        if (isRecord(data)) heard.add(`${data.run_id} ${data.status}`);
      },
    });
    await joined;
    // By itself it would begin at the end that there is when it asks, which may be after what is looked for.
    for (const { partition, high } of ends) consumer.seek({ topic, partition, offset: high });
  } catch (cause) {
    await close().catch(() => {});
    throw new Error(`${topic} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return { name: topic, has: (runId, status) => heard.has(`${runId} ${status}`), close };
}
