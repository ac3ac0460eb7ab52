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

/** At-least-once, in order per key. Every implementation passes bus/event-bus.contract.ts. */
export interface EventBus {
  publish(records: readonly EventRecord[]): Promise<PublishResult[]>;
  subscribe(params: SubscribeParams, handle: RecordHandler): Promise<Subscription>;
  close(): Promise<void>;
}
