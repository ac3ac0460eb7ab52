import { type KafkaCluster, startKafka } from "@soma/local/kafka-cluster";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createSilentLog } from "@soma/shared/log";
import type { Admin, Kafka } from "kafkajs";
import { startOwnServer } from "../../crash-matrix/server.ts";
import { createKafkaProxy, type KafkaProxy } from "./kafka-proxy.ts";

/** Brokers and a database of their own, which trials share one after the other. */
export interface World {
  cluster: KafkaCluster;
  kafka: Kafka;
  admin: Admin;
  /** Before the broker, where there is one alone. */
  proxy: KafkaProxy | undefined;
  /** Where relays find the brokers. */
  brokers: string[];
  /** Of the owner. */
  databaseUrl: string;
  close(): Promise<void>;
}

export async function startWorld({ brokers }: { brokers: 1 | 3 }): Promise<World> {
  const proxy = brokers === 1 ? await createKafkaProxy() : undefined;
  const closers: (() => Promise<void>)[] = proxy === undefined ? [] : [() => proxy.close()];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const server = await startOwnServer();
    closers.push(() => server.stop());
    const cluster = await startKafka(proxy === undefined ? { brokers } : { brokers, proxyPort: proxy.port });
    closers.push(() => cluster.stop());
    if (proxy !== undefined) proxy.target = cluster.behindProxy;
    const settings = readKafkaSettings({ SOMA_KAFKA_BROKERS: cluster.brokers.join() });
    const kafka = connectKafka(settings, createSilentLog());
    const admin = kafka.admin();
    await admin.connect();
    closers.push(() => admin.disconnect());
    const through = proxy === undefined ? cluster.brokers : [`127.0.0.1:${proxy.port}`];
    return { cluster, kafka, admin, proxy, brokers: through, databaseUrl: server.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
