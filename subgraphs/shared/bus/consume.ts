import type { EventType, EventTypes } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { SomaError } from "../errors.ts";
import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import { SPAN } from "../span-attributes.ts";
import { contextFromHeaders, withSpan } from "../telemetry.ts";
import type { EventBus, Subscription } from "./event-bus.ts";
import { type EventRecord, topicOf } from "./event-record.ts";
import { markHandled } from "./store/mark-handled.ts";

export interface ConsumeParams<T extends EventType> {
  bus: EventBus;
  /** A pool of the worker role. */
  sql: Sql;
  consumer: string;
  type: T;
  handle(tx: Tx, event: { id: string; tenant: string; data: EventTypes[T] }): Promise<void>;
}

/** Handles each event once: the inbox row and the handler's writes commit together, a repeated delivery finds the row. */
export function consume<T extends EventType>(params: ConsumeParams<T>): Promise<Subscription> {
  return params.bus.subscribe({ group: params.consumer, type: params.type }, async (record) => {
    const { id, tenant, data } = readEvent(record, params.type);
    await withSpan(
      `process ${params.type}`,
      { [SPAN.eventId]: id },
      async () => {
        await transaction(params.sql, {}, async (tx) => {
          if (await markHandled(tx, { consumer: params.consumer, tenant, eventId: id }))
            await params.handle(tx, { id, tenant, data });
        });
      },
      { parent: contextFromHeaders(record.headers) },
    );
  });
}

/** Throws EVENT_INVALID for a record that nobody can ever read. */
function readEvent<T extends EventType>({ topic, headers, value }: EventRecord, type: T) {
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

function parseValue(value: string, type: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new SomaError("EVENT_INVALID", `a record of ${type} is not JSON`, { cause });
  }
}
