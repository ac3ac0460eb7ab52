import type { EachBatchPayload } from "kafkajs";
import { backoffMs } from "../../backoff.ts";
import type { Log } from "../../log.ts";
import { counter } from "../../metrics.ts";

const RETRY = { initialMs: 100, maxMs: 10_000 };

const repeated = counter("kafka_consumer_retries_total", "Records whose handler failed and is called again", ["group"]);

interface TryLater {
  /** The partition of a batch waits, longer each time in a row, and is fetched again from where it has come to. */
  wait(payload: EachBatchPayload, error: unknown): void;
  /** Something of a partition was handled: it waits shortly again, should it have to. */
  worked(topic: string, partition: number): void;
  /** What waits is not tried again. */
  close(): void;
}

/**
 * Partitions whose records could not be handled. The client fetches nothing while a batch of the same broker is being handled,
 * so that a handler which tried again by itself would hold up every other partition.
 */
export function createTryLater({ group, log }: { group: string; log: Log }): TryLater {
  /** How often the first record of a partition failed in a row. */
  const failures = new Map<string, number>();
  const waits = new Set<NodeJS.Timeout>();
  return {
    wait({ batch: { topic, partition }, pause }, error) {
      const place = `${topic}/${partition}`;
      const times = (failures.get(place) ?? 0) + 1;
      failures.set(place, times);
      repeated.inc({ group });
      log.warn({ err: error, group, topic, partition, times }, "a record was not handled and is tried again");
      const goOn = pause();
      const timer = setTimeout(
        () => {
          waits.delete(timer);
          goOn();
        },
        backoffMs(RETRY, times),
      );
      waits.add(timer);
    },
    worked(topic, partition) {
      failures.delete(`${topic}/${partition}`);
    },
    close() {
      for (const timer of waits) clearTimeout(timer);
      waits.clear();
    },
  };
}
