import { createReadiness } from "../../../http/readiness.ts";
import { type MainDeps, type Part, runMain } from "../../../run-main.ts";
import { connectKafka } from "../connect-kafka.ts";
import { endProcess } from "../end-process.ts";
import { readKafkaSettings } from "../kafka-settings.ts";
import { startEnricher } from "./enricher.ts";
import { readEnricherSettings } from "./enricher-settings.ts";

/** The enricher in a process of its own, for whoever wants a trace in every event. It publishes nothing of its own. */
async function start({ env, log }: MainDeps): Promise<Part> {
  const { topics } = readEnricherSettings(env);
  const kafka = connectKafka(readKafkaSettings(env), log);
  const enricher = startEnricher({ kafka, topics, log, onCrash: endProcess });
  return { findFaults: createReadiness({ enricher: enricher.check }, log), close: enricher.close };
}

if (import.meta.main) await runMain("enricher", start, { publishes: false });
