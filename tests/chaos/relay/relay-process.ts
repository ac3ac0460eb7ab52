/** The relay of an outbox in a process of its own, to be killed; started by relays.ts, and gone when that is. */
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createLog } from "@soma/shared/log";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { createNotifiedWakeUp } from "@soma/shared/postgres/notified-wake-up";

const [schema = ""] = process.argv.slice(2);
const log = createLog({ level: "info", service: "relay" });
const settings = readKafkaSettings(process.env);
const bus = createKafkaBus({
  kafka: connectKafka(settings, log),
  hasTransactions: settings.hasTransactions,
  log,
  onCrash(error) {
    throw error;
  },
});
const sql = connect({ url: process.env.SOMA_CHAOS_DATABASE_URL ?? "", schema, applicationName: "chaos-relay", max: 2 });
const wakeUp = await createNotifiedWakeUp({ sql, schema, log });
const relay = startRelay({ source: createOutboxSource(sql, wakeUp), schema, bus, log });

process.once("SIGTERM", async () => {
  await relay.close();
  await bus.close();
  await wakeUp.close();
  await sql.end({ timeout: 2 });
  process.exit(0);
});
// Whoever started it may be killed.
process.stdin.on("end", () => process.exit(1)).resume();
