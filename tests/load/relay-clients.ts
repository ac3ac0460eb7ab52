/**
 * The same relay on our client of Kafka, on ours with transactions, and on another client, in turn in one run: what each bus alone
 * takes, and events of a second from their commit to a consumer, which is ours each time.
 *
 *   node_modules/.bin/node tests/load/relay-clients.ts [events, 20000 when left out]
 */
import { fileURLToPath } from "node:url";
import type { EventBus, Lease } from "@soma/shared/bus/event-bus";
import { createKafkaBus } from "@soma/shared/bus/kafka/kafka-bus";
import { createSilentLog } from "@soma/shared/log";
import { measureBus, measurePath } from "./relay/measure.ts";
import { createPlatformaticBus } from "./relay/peers/platformatic-bus.ts";
import { type Stage, startStage } from "./relay/stage.ts";

process.once("SIGTERM", () => process.exit(1));

const events = Number(process.argv[2] ?? 20_000);
const ROUNDS = 3;
const OTHER = fileURLToPath(new URL("relay/peers/platformatic-relay.ts", import.meta.url));

interface Contender {
  bus(stage: Stage): EventBus;
  lease?: Lease;
  /** Of the process of its relay. */
  env: Record<string, string>;
  program?: string;
}

function ours(hasTransactions: boolean) {
  return ({ kafka }: Stage): EventBus =>
    createKafkaBus({
      kafka,
      hasTransactions,
      log: createSilentLog(),
      onCrash(error) {
        throw error;
      },
    });
}

const CONTENDERS: Record<string, Contender> = {
  kafkajs: { bus: ours(false), env: { SOMA_KAFKA_TRANSACTIONS: "off" } },
  "kafkajs with transactions": {
    bus: ours(true),
    lease: { name: "load", isOurs: async () => true },
    env: { SOMA_KAFKA_TRANSACTIONS: "on" },
  },
  "@platformatic/kafka": { bus: ({ brokers }) => createPlatformaticBus(brokers), env: {}, program: OTHER },
};

const middleOf = (figures: number[]): string =>
  (figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? 0).toFixed(0);

const stage = await startStage();
try {
  const found = new Map(Object.keys(CONTENDERS).map((name) => [name, { alone: [] as number[], path: [] as number[] }]));
  // The first round warms the broker.
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, { bus: make, lease, env, program }] of Object.entries(CONTENDERS)) {
      Object.assign(process.env, env);
      const bus = make(stage);
      const alone = await measureBus(stage, bus, events, lease);
      await bus.close();
      const { eventsPerS, disordered } = await measurePath(stage, { events, relays: 1, ...(program && { program }) });
      if (disordered > 0) throw new Error(`${name} put ${disordered} events out of order`);
      if (round === 0) continue;
      found.get(name)?.alone.push(alone);
      found.get(name)?.path.push(eventsPerS);
    }
  console.log(`| client | its bus alone, events/s | a relay on it, events/s |`);
  console.log("|---|---|---|");
  for (const [name, { alone, path }] of found) console.log(`| ${name} | ${middleOf(alone)} | ${middleOf(path)} |`);
} finally {
  await stage.close();
}
