import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import { SomaError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { counter } from "../../metrics.ts";
import type { RecordHandler } from "../event-bus.ts";
import type { EventRecord } from "../event-record.ts";
import { whileBeating } from "./heartbeat.ts";
import { createTryLater } from "./try-later.ts";
import { setOwn } from "./wire/set-own.ts";

const COMMIT_EVERY_MS = 1_000;
/** So often a batch that is being handled asks what heartbeats brought. */
const HEAR_MS = 50;

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

  async function handleAll(payload: EachBatchPayload, commits: Commits): Promise<void> {
    const { batch, heartbeat, isRunning, isStale } = payload;
    let heardAt = performance.now();
    for (const [at, message] of batch.messages.entries()) {
      if (life.closing || !isRunning() || isStale()) return;
      const failure = await handleOne(toRecord(batch.topic, message), params);
      const now = performance.now();
      life.heardAt = now;
      if (failure !== undefined) return later.wait(payload, failure.error);
      if (at === 0) later.worked(batch.topic, batch.partition);
      commits.handled(message.offset);
      if (now - heardAt < HEAR_MS) continue;
      heardAt = now;
      await heartbeat();
      if (commits.isDue(now)) await commits.commit();
    }
  }

  async function handle(payload: EachBatchPayload): Promise<void> {
    const commits = createCommits(payload);
    try {
      await whileBeating(payload.heartbeat, () => handleAll(payload, commits));
    } finally {
      // Also when a heartbeat told that the partitions are dealt anew: whoever gets this one begins after what was handled.
      await commits.commit();
    }
  }

  return { handle, close: later.close };
}

interface Commits {
  handled(offset: string): void;
  isDue(now: number): boolean;
  commit(): Promise<void>;
}

/** Tells the brokers how far a partition was handled: now and then, and at the end. */
function createCommits({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Commits {
  const { topic, partition } = batch;
  let committedAt = performance.now();
  let last: string | undefined;
  return {
    handled(offset) {
      last = offset;
    },
    isDue: (now) => now - committedAt >= COMMIT_EVERY_MS,
    async commit() {
      if (last === undefined) return;
      const offset = String(BigInt(last) + 1n);
      resolveOffset(last);
      last = undefined;
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
): Promise<{ error: unknown } | undefined> {
  try {
    await handle(record);
    return undefined;
  } catch (error) {
    if (!(error instanceof SomaError && error.code === "EVENT_INVALID")) return { error };
    return await park(record, error.message).then(
      () => void parked.inc({ group }),
      (failure: unknown) => ({ error: failure }),
    );
  }
}

function toRecord(topic: string, { key, value, headers = {} }: KafkaMessage): EventRecord {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const each = headers[name];
    setOwn(texts, name, String(Array.isArray(each) ? each[0] : each));
  }
  return { topic, key: key?.toString() ?? "", value: value?.toString() ?? "", headers: texts };
}
