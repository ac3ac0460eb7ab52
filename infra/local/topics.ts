import { parseArgs } from "node:util";
import { confFolder } from "@soma/conf/read-conf";
import { loadTopics } from "@soma/conf/topics";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createSilentLog } from "@soma/shared/log";
import { applyTopics } from "./topics/apply-topics.ts";

/**
 * What a cluster of Kafka lacks of topics.yaml, as one JSON object `{report}`, or `{error}`: asked by `soma topics`, which is
 * a client and knows nothing of Kafka. With --apply it is made as well.
 */
const { values } = parseArgs({
  options: { apply: { type: "boolean", default: false }, conf: { type: "string", default: "" } },
});

try {
  const conf = loadTopics(confFolder(values.conf || (process.env.SOMA_CONF_DIR ?? "")));
  const kafka = connectKafka(readKafkaSettings(process.env), createSilentLog());
  print({ report: await applyTopics(kafka, conf, { apply: values.apply }) });
} catch (error) {
  print({ error: error instanceof Error ? error.message : String(error) });
}
process.exit(0);

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
