import { EVENT_TOPICS, type EventTypes } from "@soma/schemas/events";
import { validateForRead } from "@soma/schemas/validate";
import { SomaError, toSomaError } from "../errors.ts";
import { isDataFault } from "../postgres/data-fault.ts";
import { headersOf } from "../telemetry.ts";
import { type ConsumeParams, handleOnce, parseValue, type ReadEvent } from "./consume.ts";
import type { Subscription } from "./event-bus.ts";
import { type EventRecord, POOL, tenantOfTopic } from "./event-record.ts";
import type { InboundTenants } from "./inbound-tenants.ts";

/** Types of events that others write, and that say to whom they belong. */
type InboundType = "conversation.event.v1" | "tool.request.v1";

interface ConsumeInboundParams<T extends InboundType> extends ConsumeParams<T> {
  tenants: InboundTenants;
  /** Throws while nothing new may begin. Asked before a connection is held: it may need one of the same pool. */
  admit?(): Promise<void>;
}

/**
 * Handles what others write to us, each event once. Who may write to a topic is known, so its tenant is that of the topic, and
 * what says otherwise is refused. What its handler refuses for good is refused with that reason; what may go well later is
 * tried again.
 */
export function consumeInbound<T extends InboundType>(params: ConsumeInboundParams<T>): Promise<Subscription> {
  const { bus, consumer: group, type, tenants } = params;
  const name = EVENT_TOPICS[type].consumed;
  return bus.subscribe({ group, type: name }, async (record) => {
    const event = readInbound(record, { type, name, tenants });
    await params.admit?.();
    const told = { ...record, headers: originOf(record, event.data) };
    await handleOnce(params, told, event).catch((error: unknown) => refuse(error, event.id));
  });
}

/** Headers are read only for what they contradict: a writer who knows nothing of CloudEvents needs none. */
function readInbound<T extends InboundType>(
  { topic, headers, value }: EventRecord,
  { type, name, tenants }: { type: T; name: string; tenants: InboundTenants },
): ReadEvent<T> {
  const tenant = tenantOfTopic(topic, name);
  if (tenant === undefined || tenant === POOL || !tenants.has(tenant))
    throw new SomaError(
      "EVENT_INVALID",
      `a record on ${topic} is not taken: its tenant is not in SOMA_INBOUND_TENANTS`,
    );
  const data = parseValue(value, type) as ReadEvent<T>["data"];
  const faults = validateForRead(type, data);
  if (faults.length > 0)
    throw new SomaError("EVENT_INVALID", `a record on ${topic} cannot be read as ${type}: ${faults.join("; ")}`);
  const { ce_tenant: said = tenant } = headers;
  const { event_id: id, tenant: named } = data;
  const stranger = [said, named].find((each) => each !== tenant);
  if (stranger !== undefined)
    throw new SomaError("EVENT_INVALID", `event ${id} on ${topic} says that it is of tenant ${stranger}`);
  return { id, tenant, data };
}

/** Where it came from: what its headers say goes before what it says itself. */
function originOf({ headers }: EventRecord, data: EventTypes[InboundType]): Record<string, string> {
  const { trace_id: traceId, span_id: spanId, request_id: requestId } = data;
  const traceParent = traceId === "" || spanId === "" ? "" : `00-${traceId}-${spanId}-01`;
  return { ...headersOf({ traceParent, requestId }), ...headers };
}

/**
 * Throws EVENT_INVALID for what would fail again in the same way, and the error itself for what may pass. The reason stands
 * where the writer reads it, so that it says no more than an answer of the API.
 */
function refuse(error: unknown, id: string): never {
  const known = toSomaError(error);
  if (known.code === "EVENT_INVALID") throw error;
  // A limit is an answer, and the one that a caller of the API has: whoever retries is the writer, not the partition.
  const mayPass = known.retryable && known.code !== "LIMIT_EXCEEDED";
  if (mayPass || known.code === "CANCELED" || (known.code === "INTERNAL" && !isDataFault(error))) throw error;
  throw new SomaError("EVENT_INVALID", `event ${id} is refused with ${known.code}: ${known.publicMessage}`, {
    cause: error,
  });
}
