/** The relay of an outbox in a process of its own, on another client of Kafka; started by the measurement, and gone when that is. */
import { createLog } from "@soma/shared/log";
import { createOutboxSource } from "@soma/shared/outbox/outbox-source";
import { startRelay } from "@soma/shared/outbox/relay";
import { connect } from "@soma/shared/postgres/connect";
import { createPlatformaticBus } from "./platformatic-bus.ts";

const [schema = ""] = process.argv.slice(2);
const bus = createPlatformaticBus((process.env.SOMA_KAFKA_BROKERS ?? "").split(","));
const sql = connect({ url: process.env.SOMA_CHAOS_DATABASE_URL ?? "", schema, applicationName: "other-relay", max: 2 });
const log = createLog({ level: "info", service: "relay" });
const relay = startRelay({ source: createOutboxSource(sql), schema, bus, log });

process.once("SIGTERM", async () => {
  await relay.close();
  await bus.close();
  await sql.end({ timeout: 2 });
  process.exit(0);
});
process.stdin.on("end", () => process.exit(1)).resume();
