/**
 * A relay as many have it, to be compared with ours: rows are locked, those that another has locked are skipped, and the
 * transaction stays open until the broker has them. Runs in a process of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connectKafka } from "@soma/shared/bus/kafka/connect-kafka";
import { createKafkaProducer } from "@soma/shared/bus/kafka/kafka-producer";
import { readKafkaSettings } from "@soma/shared/bus/kafka/kafka-settings";
import { createSilentLog } from "@soma/shared/log";
import { connect, type Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";

const AT_ONCE = 500;
const LOOK_MS = 50;

interface Row {
  id: string;
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

const [schema = ""] = process.argv.slice(2);
const kafka = connectKafka(readKafkaSettings(process.env), createSilentLog());
const producer = createKafkaProducer(kafka);
const sql = connect({ url: process.env.SOMA_CHAOS_DATABASE_URL ?? "", schema, applicationName: "skip-locked", max: 1 });
process.stdin.on("end", () => process.exit(1)).resume();

async function round(tx: Tx): Promise<number> {
  const rows = await tx<Row[]>`
    select id, topic, key, headers, payload as value from outbox order by id limit ${AT_ONCE} for update skip locked`;
  if (rows.length === 0) return 0;
  const results = await producer.publish(rows);
  if (results.some(({ ok }) => !ok)) throw new Error("the broker did not take all");
  await tx`delete from outbox where id = any (${rows.map(({ id }) => id)}::bigint[])`;
  return rows.length;
}

for (;;) {
  const taken = await transaction(sql, {}, round);
  if (taken < AT_ONCE) await sleep(LOOK_MS);
}
