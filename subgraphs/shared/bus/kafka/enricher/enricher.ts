import type { Kafka } from "kafkajs";
import type { Log } from "../../../log.ts";
import type { Loop } from "../../../loop.ts";
import { followTopics } from "../follow-topics.ts";
import { startKafkaConsumer } from "../kafka-consumer.ts";
import { type ChosenTopics, chooseTopics } from "./choose-topics.ts";
import { createCopyBatches } from "./copy-batches.ts";
import { createCopyWriter } from "./copy-writer.ts";
import { toOldest } from "./to-oldest.ts";
import { createTraces } from "./traces.ts";

interface EnricherOptions {
  kafka: Kafka;
  /** Of which events there is to be a copy with traces, such as agent.tools.v1. */
  topics: readonly string[];
  log: Log;
  /** Told when its consumer has stopped for good: the process is to end, and to be started again. */
  onCrash(error: Error): void;
  /** By which those know each other that stand by for one another. */
  name?: string;
  topicsEveryMs?: number;
  /** Milliseconds without a sign of one after which another one goes on. */
  sessionMs?: number;
}

/**
 * Copies topics into those of the same name with `.enriched`, each event once, with a trace where it had none. One of all
 * that run does it, the others stand by.
 */
export function startEnricher(options: EnricherOptions): Pick<Loop, "check" | "close"> {
  const { kafka, log, topics: names, name = "enricher", sessionMs, ...following } = options;
  const group = `soma-consumers.${name}`;
  const writer = createCopyWriter({ kafka, group, transactionalId: `soma-${name}` });
  const assigner = toOldest(Date.now());
  const traces = createTraces();
  const tell = createTell(log);
  let chosen: ChosenTopics = { copied: [], learned: [], missing: [] };

  const follower = followTopics({
    ...following,
    kafka,
    log,
    group,
    choose(there) {
      chosen = chooseTopics(there, names);
      tell(chosen.missing);
      return [...chosen.copied, ...chosen.learned];
    },
    start({ topics, onStop }) {
      // As they were when it began: one that is chosen otherwise meanwhile is for the next consumer.
      const copied = new Set(chosen.copied);
      const isCopied = (topic: string): boolean => copied.has(topic);
      return startKafkaConsumer({
        kafka,
        group,
        log,
        topics,
        assigner,
        sessionMs,
        atOnce: 1,
        onStop,
        onCrash: options.onCrash,
        createBatches: (life) => createCopyBatches({ group, log, traces, writer, isCopied }, life),
      });
    },
  });
  return {
    check: follower.check,
    async close() {
      await follower.close();
      await writer.close();
    },
  };
}

/** Says once which topics have nowhere to be copied to. */
function createTell(log: Log): (missing: readonly string[]) => void {
  let told = "";
  return (missing) => {
    if (missing.join() !== told && missing.length > 0)
      log.warn({ topics: missing }, "topics are not copied until the topics of their copies are made");
    told = missing.join();
  };
}
