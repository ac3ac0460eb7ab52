import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import { backoffMs } from "../../backoff.ts";
import { SomaError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { counter } from "../../metrics.ts";
import type { RecordHandler } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";

/** How often the brokers hear that a consumer is there. */
export const BEAT_MS = 3_000;
const COMMIT_EVERY_MS = 1_000;
const RETRY = { initialMs: 100, maxMs: 10_000 };

const repeated = counter("kafka_consumer_retries_total", "Records whose handler failed and is called again", ["group"]);
const parked = counter("kafka_dead_letters_total", "Records that no handler can read", ["group"]);

export interface BatchParams {
  group: string;
  handle: RecordHandler;
  /** Keeps a record that can never be read; it counts as handled once this is done. */
  park(record: EventRecord, reason: string): Promise<void>;
  log: Log;
}

/** What a consumer and its batches know of each other. */
export interface ConsumerLife {
  closing: boolean;
  /** The client gave it up. */
  stopped: boolean;
  heardAt: number;
}

interface BatchHandler {
  handle(payload: EachBatchPayload): Promise<void>;
  /** What waits for another try is not tried again. */
  close(): void;
}

/**
 * Handles the records of a partition one after the other. One that fails ends its batch, and its partition waits and begins
 * again with it: the client fetches nothing while a batch of the same broker is being handled, so that a handler which tried
 * again by itself would hold up every other partition.
 */
export function createBatchHandler(params: BatchParams, life: ConsumerLife): BatchHandler {
  const { group, log } = params;
  /** How often the first record of a partition failed in a row. */
  const failures = new Map<string, number>();
  const waits = new Set<NodeJS.Timeout>();

  function tryLater({ batch: { topic, partition }, pause }: EachBatchPayload, error: unknown): void {
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
  }

  async function handle(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
    const commits = createCommits(payload);
    try {
      for (const message of batch.messages) {
        if (life.closing || !isRunning() || isStale()) break;
        const failure = await handleOne(toRecord(batch.topic, message), params, heartbeat);
        life.heardAt = performance.now();
        if (failure !== undefined) {
          tryLater(payload, failure.error);
          break;
        }
        failures.delete(`${batch.topic}/${batch.partition}`);
        resolveOffset(message.offset);
        commits.handled(message.offset);
        await heartbeat();
        if (commits.isDue()) await commits.commit();
      }
    } finally {
      // Also when a heartbeat told that the partitions are dealt anew: whoever gets this one begins after what was handled.
      await commits.commit();
    }
  }

  return {
    handle,
    close() {
      for (const timer of waits) clearTimeout(timer);
      waits.clear();
    },
  };
}

/** Tells the brokers how far a partition was handled: now and then, and at the end. */
function createCommits({ batch: { topic, partition }, commitOffsetsIfNecessary }: EachBatchPayload) {
  let committedAt = performance.now();
  let next: string | undefined;
  return {
    handled(offset: string): void {
      next = String(BigInt(offset) + 1n);
    },
    isDue: (): boolean => performance.now() - committedAt >= COMMIT_EVERY_MS,
    async commit(): Promise<void> {
      if (next === undefined) return;
      const offset = next;
      next = undefined;
      committedAt = performance.now();
      // The consumer's own way to commit does nothing once it was told to stop, and would forget what was handled last.
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    },
  };
}

/** Handles a record, or keeps it apart when it can never be read; what failed, when it is to be tried again. */
async function handleOne(
  record: EventRecord,
  { handle, park, group }: BatchParams,
  heartbeat: () => Promise<void>,
): Promise<{ error: unknown } | undefined> {
  // A handler may take longer than the brokers wait for a sign of its consumer. What such a sign brings back is heard after it.
  const beat = setInterval(() => void heartbeat().catch(() => {}), BEAT_MS);
  try {
    await handle(record);
    return undefined;
  } catch (error) {
    if (!(error instanceof SomaError && error.code === "EVENT_INVALID")) return { error };
    return await park(record, error.message).then(
      () => void parked.inc({ group }),
      (failure: unknown) => ({ error: failure }),
    );
  } finally {
    clearInterval(beat);
  }
}

function toRecord(topic: string, { key, value, headers = {} }: KafkaMessage): EventRecord {
  const texts = Object.entries(headers).map(([name, each]) => [name, String(Array.isArray(each) ? each[0] : each)]);
  return {
    topic,
    key: key?.toString() ?? "",
    value: value?.toString() ?? "",
    headers: Object.fromEntries(texts) as Record<string, string>,
  };
}
