import type { EventType, EventTypes } from "@soma/schemas/events";
import { validateForPublish } from "@soma/schemas/validate";
import { SomaError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Tx } from "../postgres/connect.ts";
import { traceHeaders } from "../telemetry.ts";

export interface EmitParams<T extends EventType> {
  type: T;
  tenant: string;
  /** Events of one key keep their order. Lock or update the key's own row before emitting. */
  key: string;
  data: EventTypes[T];
}

export const BUCKETS = 64;

/**
 * Writes an event into the outbox of the transaction. An event that does not fit its schema throws, and so takes the
 * whole transaction back: what was never said was never done.
 */
export async function emit<T extends EventType>(tx: Tx, params: EmitParams<T>): Promise<void> {
  const eventId = newId();
  const record = toRecord({ ...params, eventId, at: new Date() });
  await tx`insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
    values (((hashtextextended(${`${params.tenant}/${params.key}`}, 0) % ${BUCKETS}::bigint) + ${BUCKETS}::bigint) % ${BUCKETS}::bigint,
      ${params.tenant}, ${record.topic}, ${record.key}, ${eventId}, ${params.type}, ${record.value}, ${tx.json(record.headers)})`;
}

export interface EventRecord {
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

/** The record of an event, validated: CloudEvents 1.0 in the headers (Kafka binary mode), the contract alone in the value. */
export function toRecord<T extends EventType>(
  params: EmitParams<T> & { eventId: string; at: Date; trace?: Record<string, string> },
): EventRecord {
  const faults = validateForPublish(params.type, params.data);
  if (faults.length > 0)
    throw new SomaError("EVENT_INVALID", `event ${params.type} does not fit its schema: ${faults.join("; ")}`);
  return {
    topic: topicOf(params.tenant, params.type),
    key: params.key,
    headers: {
      ce_specversion: "1.0",
      ce_id: params.eventId,
      ce_source: "/soma",
      ce_type: params.type,
      ce_time: params.at.toISOString(),
      ce_subject: params.key,
      ce_dataschema: `${params.type}.json`,
      ce_tenant: params.tenant,
      "content-type": "application/json",
      ...(params.trace ?? traceHeaders()),
    },
    value: JSON.stringify(params.data),
  };
}

export function topicOf(tenant: string, type: EventType): string {
  return `soma.${tenant}.${type}`;
}
