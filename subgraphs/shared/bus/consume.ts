import type { EventType, EventTypes } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { SomaError } from "../errors.ts";
import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import { SPAN } from "../span-attributes.ts";
import { contextFromHeaders, withSpan } from "../telemetry.ts";
import type { EventBus, Subscription } from "./event-bus.ts";
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
    const id = record.headers.ce_id;
    const tenant = record.headers.ce_tenant;
    const data = parseValue(record.value, params.type);
    const faults = validateForRead(params.type, data);
    if (id === undefined || tenant === undefined)
      throw new SomaError("EVENT_INVALID", `a record of ${params.type} has no ce_id or ce_tenant header`);
    if (faults.length > 0)
      throw new SomaError("EVENT_INVALID", `event ${id} of ${params.type} cannot be read: ${faults.join("; ")}`);
    await withSpan(
      `process ${params.type}`,
      { [SPAN.eventId]: id },
      async () => {
        await transaction(params.sql, {}, async (tx) => {
          if (await markHandled(tx, { consumer: params.consumer, tenant, eventId: id }))
            await params.handle(tx, { id, tenant, data: data as EventTypes[T] });
        });
      },
      { parent: contextFromHeaders(record.headers) },
    );
  });
}

function parseValue(value: string, type: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new SomaError("EVENT_INVALID", `a record of ${type} is not JSON`, { cause });
  }
}
