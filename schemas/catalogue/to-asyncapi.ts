import { channelsOf, type EventSchema, topicsOf, toType } from "./event-schema.ts";

const KAFKA_BINDING_VERSION = "0.5.0";

/** CloudEvents 1.0 in Kafka's binary mode: attributes are headers, and the value is the contract alone. */
const HEADERS = {
  type: "object",
  properties: {
    "content-type": { type: "string", const: "application/json" },
    ce_specversion: { type: "string", const: "1.0" },
    ce_id: { type: "string", description: "The same however often the event comes" },
    ce_source: { type: "string", description: "Which part of the product wrote it" },
    ce_type: { type: "string", description: "The event type" },
    ce_time: { type: "string", format: "date-time" },
    ce_subject: { type: "string" },
    ce_dataschema: { type: "string" },
    ce_tenant: { type: "string", pattern: "^[a-z0-9-]{1,40}$" },
    traceparent: { type: "string" },
    tracestate: { type: "string" },
    "x-request-id": { type: "string" },
  },
  required: ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_tenant"],
};

/** The AsyncAPI 3.1 document of what is on the bus, for generators and viewers of other languages. */
export function toAsyncApi(events: readonly EventSchema[], version: string): object {
  return {
    asyncapi: "3.1.0",
    info: {
      title: "SomaAgent01 events",
      version,
      description: "What agents do, as events on Kafka. Readers ignore fields that they do not know.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(events.flatMap(toChannels)),
    operations: Object.fromEntries(events.flatMap(toOperations)),
    components: {
      messages: Object.fromEntries(events.map((event) => [toType(event), toMessage(event)])),
      schemas: { headers: HEADERS },
    },
  };
}

function toChannels(event: EventSchema): [name: string, channel: object][] {
  return channelsOf(event).map((name) => [name, toChannel(event, name)]);
}

function toChannel(event: EventSchema, name: string): object {
  const type = toType(event);
  return {
    address: `soma.{tenant}.${name}`,
    title: event.title,
    description: event.description,
    parameters: { tenant: { description: "Whose events they are: 1 to 40 of a-z, 0-9 and -" } },
    messages: { [type]: { $ref: `#/components/messages/${type}` } },
    bindings: { kafka: { bindingVersion: KAFKA_BINDING_VERSION } },
  };
}

/** What the product does with a channel; one that only others use has none. */
function toOperations(event: EventSchema): [name: string, operation: object][] {
  const type = toType(event);
  const { emitted_by: emitters, consumed_by: consumers } = event["x-event"];
  const { emitted, consumed } = topicsOf(event);
  const toOperation = (action: "send" | "receive", name: string, parts: readonly string[]): [string, object] => [
    `${action}-${type.replaceAll(".", "-")}`,
    {
      action,
      channel: { $ref: `#/channels/${name}` },
      messages: [{ $ref: `#/channels/${name}/messages/${type}` }],
      summary: `By ${parts.join(", ")}`,
      bindings: { kafka: { bindingVersion: KAFKA_BINDING_VERSION } },
    },
  ];
  return [
    ...(emitters.length > 0 ? [toOperation("send", emitted, emitters)] : []),
    ...(consumers.length > 0 ? [toOperation("receive", consumed, consumers)] : []),
  ];
}

/** Our schemas say nothing that draft 07 does not know, which AsyncAPI's own form of a schema extends. */
function toMessage(event: EventSchema): object {
  const { $schema: _, $id: _id, "x-event": _event, examples, ...payload } = event as EventSchema & { $schema?: string };
  return {
    name: toType(event),
    title: event.title,
    summary: event.description,
    contentType: "application/json",
    headers: { $ref: "#/components/schemas/headers" },
    payload,
    bindings: {
      kafka: {
        key: { type: "string", description: `The event's ${event["x-event"].key}` },
        bindingVersion: KAFKA_BINDING_VERSION,
      },
    },
    examples: examples.map((example) => ({ payload: example })),
  };
}
