import { EVENT_TOPICS, type EventType, type EventTypes } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { SomaError } from "../errors.ts";
import { durationHistogram } from "../metrics.ts";
import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import { SPAN } from "../span-attributes.ts";
import { contextFromHeaders, withSpan } from "../telemetry.ts";
import type { EventBus, Subscription } from "./event-bus.ts";
import { type EventRecord, topicOf } from "./event-record.ts";
import { markHandled } from "./store/mark-handled.ts";

const delay = durationHistogram("event_delay_seconds", "Time from an event until a consumer had handled it", [
  "consumer",
]);

export interface ConsumeParams<T extends EventType> {
  bus: EventBus;
  /** A pool of the worker role. */
  sql: Sql;
  consumer: string;
  type: T;
  handle(tx: Tx, event: ReadEvent<T>): Promise<void>;
}

export interface ReadEvent<T extends EventType> {
  id: string;
  tenant: string;
  data: EventTypes[T];
}

/** Handles each event once: the inbox row and the handler's writes commit together, a repeated delivery finds the row. */
export function consume<T extends EventType>(params: ConsumeParams<T>): Promise<Subscription> {
  const { bus, consumer: group, type } = params;
  return bus.subscribe({ group, type: EVENT_TOPICS[type].emitted }, (record) =>
    handleOnce(params, record, readEvent(record, type)),
  );
}

/** The handler and the row of the inbox are one transaction, under the trace of the record. */
export async function handleOnce<T extends EventType>(
  { sql, consumer, type, handle }: Pick<ConsumeParams<T>, "sql" | "consumer" | "type" | "handle">,
  { headers }: EventRecord,
  event: ReadEvent<T>,
): Promise<void> {
  const { id: eventId, tenant } = event;
  await withSpan(
    `process ${type}`,
    { [SPAN.eventId]: eventId },
    () =>
      transaction(sql, {}, async (tx) => {
        if (await markHandled(tx, { consumer, tenant, eventId })) await handle(tx, event);
      }),
    { parent: contextFromHeaders(headers) },
  );
  const saidAt = Date.parse(headers.ce_time ?? "");
  // Clocks of two machines may differ.
  if (!Number.isNaN(saidAt)) delay.observe({ consumer }, Math.max(0, Date.now() - saidAt) / 1_000);
}

/** Throws EVENT_INVALID for a record that nobody can ever read. */
function readEvent<T extends EventType>({ topic, headers, value }: EventRecord, type: T): ReadEvent<T> {
  const { ce_id: id, ce_tenant: tenant } = headers;
  const data = parseValue(value, type);
  const faults = validateForRead(type, data);
  if (id === undefined || tenant === undefined)
    throw new SomaError("EVENT_INVALID", `a record of ${type} has no ce_id or ce_tenant header`);
  // Who may write to a topic is known; what a header says is not.
  if (topic !== topicOf(tenant, type))
    throw new SomaError("EVENT_INVALID", `event ${id} of tenant ${tenant} is on ${topic}, which is not its topic`);
  if (faults.length > 0)
    throw new SomaError("EVENT_INVALID", `event ${id} of ${type} cannot be read: ${faults.join("; ")}`);
  return { id, tenant, data: data as EventTypes[T] };
}

export function parseValue(value: string, type: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new SomaError("EVENT_INVALID", `a record of ${type} is not JSON`, { cause });
  }
}
