import { type KafkaCluster, startKafka } from "./kafka/kafka-cluster.ts";

/**
 * Kafka for tests: the brokers of SOMA_TEST_KAFKA_BROKERS, else one broker of its own on this machine, which is gone
 * afterwards. What a test writes has names of its own, so that tests share one.
 */
export async function startTestKafka(): Promise<Pick<KafkaCluster, "brokers" | "stop">> {
  const given = process.env.SOMA_TEST_KAFKA_BROKERS;
  if (given !== undefined && given !== "") return { brokers: given.split(","), stop: async () => {} };
  return startKafka();
}
