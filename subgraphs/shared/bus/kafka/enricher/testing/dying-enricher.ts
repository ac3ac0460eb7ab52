/**
 * The enricher in a process of its own, which dies as by a power cut between what it has written and the end of that transaction:
 * at the second batch of a topic, whatever else it copies. What the brokers hold then is what they hold of a process that died there.
 */
import type { Producer, ProducerConfig, Transaction } from "kafkajs";
import { createSilentLog } from "../../../../log.ts";
import { connectKafka } from "../../connect-kafka.ts";
import { readKafkaSettings } from "../../kafka-settings.ts";
import { startEnricher } from "../enricher.ts";

const [name = "", event = "", topic = ""] = process.argv.slice(2);
const log = createSilentLog();
const kafka = connectKafka(readKafkaSettings(process.env), log);
let batches = 0;

function dying(producer: Producer): Producer {
  const { transaction: begin } = producer;
  async function beginTransaction(): Promise<Transaction> {
    const begun = await begin();
    return {
      ...begun,
      async send(record) {
        const answers = await begun.send(record);
        if (record.topic === `${topic}.enriched`) batches += 1;
        return answers;
      },
      async commit() {
        if (batches === 2) process.kill(process.pid, "SIGKILL");
        await begun.commit();
      },
    };
  }
  return { ...producer, transaction: beginTransaction };
}

const make = kafka.producer.bind(kafka);
kafka.producer = (config?: ProducerConfig) => dying(make(config));
startEnricher({
  kafka,
  topics: [event],
  log,
  name,
  topicsEveryMs: 200,
  sessionMs: 6_000,
  onCrash(error) {
    throw error;
  },
});
// Whoever started it may be killed.
process.stdin.on("end", () => process.exit(1)).resume();
