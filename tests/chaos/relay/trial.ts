import { consume } from "@soma/shared/bus/consume";
import { topicOf } from "@soma/shared/bus/event-record";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { readSharedMigrations } from "@soma/shared/postgres/migrate";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { until } from "@soma/shared/testing/until";
import type { ITopicConfig } from "kafkajs";
import { createStrikingProxy, type OnStatement } from "../../crash-matrix/striking-proxy.ts";
import { readLog } from "./broker-log.ts";
import type { Fault, History } from "./check-delivery.ts";
import { type RelayProcess, spawnRelay } from "./relays.ts";
import type { World } from "./world.ts";
import { createWriter, TYPE, type Writer } from "./writer.ts";

/** A relay that lost its lease, and brokers that were away, are waited for at most as long. */
const DRAIN_MS = 90_000;
/** What a consumer still has in its hands when the outbox is empty. */
const HANDLE_MS = 60_000;
const PARTITIONS = 3;

/** One outbox, one topic, and one consumer with its inbox. */
export interface Trial {
  world: World;
  database: TestDatabase;
  writer: Writer;
  topic: string;
  /** Told of each statement of relays. */
  onStatement: OnStatement;
  /** Cuts relays off the database. */
  cutDatabase(): void;
  /** Notes that something was broken just now. */
  note(fault: string): void;
  startRelay(): RelayProcess;
  /** Waits until the outbox is empty. Fails when it does not get there. */
  drain(): Promise<void>;
  /** What was written and what came of it, once everything came that can come. */
  history(): Promise<History>;
  close(): Promise<void>;
}

export async function startTrial(world: World, topicShape: Partial<ITopicConfig> = {}): Promise<Trial> {
  process.env.SOMA_TEST_DATABASE_URL = world.databaseUrl;
  const tenant = `t${newId().slice(-12)}`;
  const topic = topicOf(tenant, TYPE);
  const topics = [topic, `${topic}.dlq`];
  await makeTopics(world, topics, topicShape);
  const database = await createTestDatabase("chaos", await readSharedMigrations());
  await makeTables(database);
  const proxy = await createStrikingProxy(database.urls.worker, (told, phase) => trial.onStatement(told, phase));
  const consumer = await startConsumer(world, database);
  const faults: Fault[] = [];
  const relays: RelayProcess[] = [];
  const trial: Trial = {
    world,
    database,
    topic,
    writer: createWriter(database.request, tenant),
    onStatement: async () => {},
    cutDatabase: proxy.cut,
    note: (name) => void faults.push({ name, at: Date.now() }),
    startRelay() {
      const relay = spawnRelay({ databaseUrl: proxy.url, schema: database.schema, brokers: world.brokers });
      relays.push(relay);
      return relay;
    },
    async drain() {
      await until("the outbox is empty", async () => (await countWaiting(database)) === 0, DRAIN_MS);
    },
    history: () => readHistory(trial, faults),
    async close() {
      await Promise.all(relays.map((each) => each.kill()));
      await consumer.close();
      await proxy.close();
      await database.close();
      await dropTopics(world, topics);
    },
  };
  return trial;
}

/** Waits for their leaders: the client's own wait gives up when a broker has not heard of one yet. */
async function makeTopics({ admin }: World, names: readonly string[], shape: Partial<ITopicConfig>): Promise<void> {
  const configEntries = [{ name: "message.timestamp.type", value: "LogAppendTime" }];
  const topics = names.map((topic) => ({ numPartitions: PARTITIONS, configEntries, ...shape, topic }));
  await admin.createTopics({ topics, waitForLeaders: false });
  await until("the topics have leaders", async () => {
    const told = await admin.fetchTopicMetadata({ topics: [...names] });
    return told.topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader > 0));
  });
}

/** Waits until they are gone: the consumer of the next trial reads every topic of the type. */
async function dropTopics({ admin }: World, names: string[]): Promise<void> {
  await admin.deleteTopics({ topics: names });
  await until("the topics are gone", async () => new Set(await admin.listTopics()).isDisjointFrom(new Set(names)));
}

/** `subject` gives the events of a key their places; `handled` is what the consumer did, in its order. */
async function makeTables({ owner }: TestDatabase): Promise<void> {
  await owner`create table subject (key text primary key, last int not null)`;
  await owner`create table handled (place bigint generated always as identity primary key, id text not null)`;
  await owner`grant select, insert, update on subject to soma_request`;
  await owner`grant select, insert on handled to soma_worker`;
}

async function countWaiting({ owner }: TestDatabase): Promise<number> {
  const [row] = await owner<{ waiting: number }[]>`select count(*)::int as waiting from outbox`;
  return row?.waiting ?? 0;
}

async function startConsumer({ kafka }: World, { worker }: TestDatabase): Promise<{ close(): Promise<void> }> {
  const bus = createKafkaBus({
    kafka,
    log: createSilentLog(),
    onCrash(error) {
      throw error;
    },
  });
  await consume({
    bus,
    sql: worker,
    // The topics of earlier trials are gone, and what they committed with them.
    consumer: `chaos-${newId().slice(-12)}`,
    type: TYPE,
    async handle(tx, { data }) {
      await tx`insert into handled (id) values (${data.event_id})`;
    },
  });
  return bus;
}

const idOf = (value: string): string => (JSON.parse(value) as { event_id: string }).event_id;

async function readHistory({ world, topic, database, writer }: Trial, faults: readonly Fault[]): Promise<History> {
  const { owner } = database;
  const sent = (await readLog(world, topic)).map(({ value, at }) => ({ id: idOf(value), at }));
  const findHandled = async (): Promise<string[]> =>
    (await owner<{ id: string }[]>`select id from handled order by place`).map(({ id }) => id);
  const findDead = async (): Promise<string[]> => [
    ...(await owner<{ payload: string }[]>`select payload from outbox_dead`).map(({ payload }) => idOf(payload)),
    // Of one that is too large for any topic the copy has no value.
    ...(await readLog(world, `${topic}.dlq`)).flatMap(({ value }) => (value === "" ? [] : [idOf(value)])),
  ];
  const wanted = new Set(sent.map(({ id }) => id));
  for (const { id, isPoison } of writer.committed) if (isPoison === true) wanted.delete(id);
  const isHandled = async (): Promise<boolean> => new Set(await findHandled()).isSupersetOf(wanted);
  // Whether it was is for the check to say.
  await until("all that was sent was handled", isHandled, HANDLE_MS).catch(() => {});
  return { committed: writer.committed, sent, consumed: await findHandled(), setAside: await findDead(), faults };
}
