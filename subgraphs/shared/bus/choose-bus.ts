import { ConfigError, oneOf, readSettings } from "../config.ts";
import type { Log } from "../log.ts";
import type { EventBus } from "./event-bus.ts";
import { connectKafka } from "./kafka/connect-kafka.ts";
import { endProcess } from "./kafka/end-process.ts";
import { createKafkaBus } from "./kafka/kafka-bus.ts";
import { readKafkaSettings } from "./kafka/kafka-settings.ts";
import { createLocalBus } from "./local-bus.ts";

const busSettings = {
  kind: oneOf(["local", "kafka", "hold"], {
    env: "SOMA_EVENT_BUS",
    doc: "where events go: local (to the parts of this process), kafka, or hold (kept in the outbox for a process with a bus)",
  }),
};

export interface ChooseBusParams {
  env: Record<string, string | undefined>;
  log: Log;
  /** True when every part that listens runs in this process. */
  hasEveryPart: boolean;
}

/**
 * The bus a setting names; undefined for `hold`, with which a process publishes nothing and its events stay in the outbox.
 * A local bus in a process that lacks the listeners is refused: its events would count as published and reach nobody.
 */
export function chooseBus({ env, log, hasEveryPart }: ChooseBusParams): EventBus | undefined {
  const { kind } = readSettings(busSettings, env);
  if (kind === "hold") return undefined;
  if (kind === "kafka") {
    const settings = readKafkaSettings(env);
    const { pooledTenants, hasTransactions } = settings;
    const kafka = connectKafka(settings, log);
    return createKafkaBus({ kafka, pooledTenants, hasTransactions, log, onCrash: endProcess });
  }
  if (hasEveryPart) return createLocalBus();
  throw new ConfigError([
    `SOMA_EVENT_BUS: "local" reaches only this process, and the parts that listen run elsewhere, so events would be lost; ` +
      `set it to hold, which keeps them in the outbox, or to kafka, or run every part in one process with \`npm start\``,
  ]);
}
