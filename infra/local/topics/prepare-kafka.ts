import { isPooled, loadTopics, type TopicsConf } from "@soma/conf/topics";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import type { Log } from "@soma/shared/log";
import { DEVELOPER } from "../developer.ts";
import { applyTopics } from "./apply-topics.ts";

interface PrepareKafkaOptions {
  env: Record<string, string | undefined>;
  log: Log;
  say(line: string): void;
  onStep(name: string, detail: string, ms: number): void;
}

/**
 * With Kafka, the topics of topics.yaml and of the tenant of this machine are made where the cluster lacks them. Gives what else
 * the parts have to know of it. While no broker answers, events wait.
 */
export async function prepareKafka(
  { env, log, say, onStep }: PrepareKafkaOptions,
  confDir: URL,
): Promise<Record<string, string>> {
  if (env.SOMA_EVENT_BUS !== "kafka") return {};
  const startedAt = performance.now();
  const shared = loadTopics(confDir);
  const conf = { ...shared, tenants: { [DEVELOPER.tenant]: {}, ...shared.tenants } };
  const settings = readKafkaSettings(env);
  const where = settings.brokers.join(", ");
  await applyTopics(connectKafka(settings, log), conf, { apply: true }).then(
    ({ topics, done, refused }) => {
      for (const each of refused) say(each);
      onStep("Kafka", `${where}: ${topics.length} topics, ${done} changes made`, performance.now() - startedAt);
    },
    (error: Error) => say(`Kafka at ${where} cannot be asked, and events wait for it: ${error.message}`),
  );
  return { SOMA_KAFKA_POOLED_TENANTS: env.SOMA_KAFKA_POOLED_TENANTS || namePooled(conf) };
}

/** Also those that the file does not name, where it says so and has no tenant of its own topics. */
function namePooled(conf: TopicsConf): string {
  const names = Object.keys(conf.tenants);
  const pooled = names.filter((tenant) => isPooled(conf, tenant));
  return conf.default.isolation === "pooled" && pooled.length === names.length ? "*" : pooled.join();
}
