import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import { SomaError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { counter } from "../../metrics.ts";
import type { RecordHandler } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";
import { whileBeating } from "./heartbeat.ts";
import { createTryLater } from "./try-later.ts";

const COMMIT_EVERY_MS = 1_000;

const parked = counter("kafka_dead_letters_total", "Records that no handler can read", ["group"]);

interface BatchParams {
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

/** What a consumer does with what it fetched of a partition. */
export interface BatchHandler {
  handle(payload: EachBatchPayload): Promise<void>;
  /** What waits for another try is not tried again. */
  close(): void;
}

/**
 * Handles the records of a partition one after the other. One that fails ends its batch, and its partition waits and begins
 * again with it.
 */
export function createBatchHandler(params: BatchParams, life: ConsumerLife): BatchHandler {
  const later = createTryLater(params);

  async function handle(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
    const commits = createCommits(payload);
    try {
      for (const message of batch.messages) {
        if (life.closing || !isRunning() || isStale()) break;
        const failure = await handleOne(toRecord(batch.topic, message), params, heartbeat);
        life.heardAt = performance.now();
        if (failure !== undefined) {
          later.wait(payload, failure.error);
          break;
        }
        later.worked(batch.topic, batch.partition);
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

  return { handle, close: later.close };
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
  try {
    await whileBeating(heartbeat, () => handle(record));
    return undefined;
  } catch (error) {
    if (!(error instanceof SomaError && error.code === "EVENT_INVALID")) return { error };
    return await whileBeating(heartbeat, () => park(record, error.message)).then(
      () => void parked.inc({ group }),
      (failure: unknown) => ({ error: failure }),
    );
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
