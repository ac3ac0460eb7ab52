import type { EventRecord } from "./event-record.ts";

/** What became of one record: delivered, worth another try, or never deliverable. */
export type PublishResult = { ok: true } | { ok: false; kind: "retriable" | "poison"; reason: string };

export interface Subscription {
  close(): Promise<void>;
}

interface SubscribeParams {
  /** Consumers of one group share the work; each group sees every record. */
  group: string;
  /** Name of a topic, of every tenant: that of the event type, unless its events are elsewhere. */
  type: string;
}

export type RecordHandler = (record: EventRecord) => Promise<void>;

/** Under which a publisher alone may send what it read. */
export interface Lease {
  /** The same for all who may have it, one after the other. */
  name: string;
  /** Whether nobody else had it since what is sent was read. */
  isOurs(): Promise<boolean>;
}

/** At-least-once, in order per key. Every implementation passes bus/event-bus.contract.ts. */
export interface EventBus {
  /** A bus that can keeps out who had the lease before. */
  publish(records: readonly EventRecord[], lease?: Lease): Promise<PublishResult[]>;
  subscribe(params: SubscribeParams, handle: RecordHandler): Promise<Subscription>;
  close(): Promise<void>;
}
