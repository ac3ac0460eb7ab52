import { EVENT_TOPICS, type EventType, type EventTypes } from "@soma/schemas/events";
import { validateForPublish } from "@soma/schemas/validate";
import { SomaError } from "../errors.ts";
import { traceHeaders } from "../telemetry.ts";

/** An event on its way: what a bus carries. */
export interface EventRecord {
  topic: string;
  /** Records of one key keep their order. */
  key: string;
  headers: Record<string, string>;
  value: string;
}

export interface EventParams<T extends EventType> {
  type: T;
  tenant: string;
  /** Events of one key keep their order. */
  key: string;
  data: EventTypes[T];
  eventId: string;
  at: Date;
  /** W3C trace headers; those of the span in force when left out. */
  trace?: Record<string, string>;
}

/**
 * The record of an event, validated: CloudEvents 1.0 in the headers (Kafka binary mode), the contract alone in the value.
 * Throws EVENT_INVALID for an event that does not fit its schema.
 */
export function toRecord<T extends EventType>(params: EventParams<T>): EventRecord {
  const { type, tenant, key, data, eventId, at, trace } = params;
  const faults = validateForPublish(type, data);
  if (faults.length > 0)
    throw new SomaError("EVENT_INVALID", `event ${type} does not fit its schema: ${faults.join("; ")}`);
  return {
    topic: topicOf(tenant, type),
    key,
    headers: {
      ce_specversion: "1.0",
      ce_id: eventId,
      ce_source: "/soma",
      ce_type: type,
      ce_time: at.toISOString(),
      ce_subject: key,
      ce_dataschema: `${type}.json`,
      ce_tenant: tenant,
      "content-type": "application/json",
      ...(trace ?? traceHeaders()),
    },
    value: JSON.stringify(data),
  };
}

/** The topic on which events of a type are emitted. */
export function topicOf(tenant: string, type: EventType): string {
  return `soma.${tenant}.${EVENT_TOPICS[type].emitted}`;
}

/** The name that stands where a tenant's does, in topics that tenants share; no tenant has it. */
export const POOL = "pool";

/** The tenant whose topic of this name it is; undefined for a topic of another name. */
export function tenantOfTopic(topic: string, name: string): string | undefined {
  const [, tenant = ""] = topic.split(".", 2);
  return tenant !== "" && topic === `soma.${tenant}.${name}` ? tenant : undefined;
}
