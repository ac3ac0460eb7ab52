import kafkajs from "kafkajs";

const TYPES = ["agent.runs.v1", "agent.steps.v1", "agent.tools.v1", "agent.audit.v1", "memory.event.v1"];
/** Where the product tells what happens to the tenant of `npm start`. */
export const TOPICS = TYPES.map((type) => `soma.local.${type}`);

/** Where that tenant's people say something, and are answered. */
export const INBOUND = "soma.local.conversation.inbound.v1";
export const OUTBOUND = "soma.local.conversation.outbound.v1";

/** Where they ask for tools, and hear what became of it. */
export const REQUESTS = "soma.local.tool.requests.v1";
export const RESULTS = "soma.local.tool.results.v1";

/** Where it is told what a benchmark measured. */
export const BENCHMARKS = "soma.local.agent.benchmarks.v1";

/** What somebody else's program reads from a topic. */
export interface Read {
  topic: string;
  key: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

/** A program of somebody else that reads topics from their beginning, by a client of its own. */
export async function startOutsideReader(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<{ records: Read[]; close(): Promise<void> }> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: "outside", logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: "outside-reader", sessionTimeout: 10_000, maxWaitTimeInMs: 200 });
  const records: Read[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    async eachMessage({ topic, message: { key, value, headers = {} } }) {
      records.push({
        topic,
        key: String(key),
        headers: Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, String(each)])),
        data: JSON.parse(String(value)) as Record<string, unknown>,
      });
    },
  });
  return { records, close: () => consumer.disconnect() };
}

/** Each event once, as it came first: one may come again. */
export function once(records: readonly Read[]): Read[] {
  return [...new Map(records.toReversed().map((read) => [read.headers.ce_id, read])).values()].toReversed();
}

/** What came of a run on the topic of a type, in its order. */
export function ofRun(records: readonly Read[], runId: string, type: string): Record<string, unknown>[] {
  return once(records)
    .filter(({ topic, key }) => topic.endsWith(`.${type}`) && key === runId)
    .map(({ data }) => data);
}

/** Writes values to a topic, under one key and without headers. */
export async function write(brokers: readonly string[], topic: string, values: readonly string[]): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: "outside", logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ key: "outside", value })) });
  await producer.disconnect();
}

export async function makeTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 4 })), waitForLeaders: true });
  await admin.disconnect();
}
