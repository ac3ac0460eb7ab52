import type { EventRecord } from "./event-record.ts";

/** Brokers take a megabyte of one record unless they are told otherwise. */
const MOST_BYTES = 900_000;
const MOST_REASON = 1_024;

/**
 * A record as it is kept beside its topic once nobody can take it: as it came, with where from and why. Of one that is too
 * large even for that only its headers are kept, which say so.
 */
export function toDeadRecord(record: EventRecord, reason: string): EventRecord {
  const about = { "soma-dead-topic": record.topic, "soma-dead-reason": reason.slice(0, MOST_REASON) };
  const dead = { ...record, topic: `${record.topic}.dlq`, headers: { ...record.headers, ...about } };
  const bytes = Buffer.byteLength(record.value);
  if (bytes <= MOST_BYTES) return dead;
  return { ...dead, value: "", headers: { ...dead.headers, "soma-dead-bytes": String(bytes) } };
}
