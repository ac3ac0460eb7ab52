/** The file of an event type, as far as its catalogue reads it. */
export interface EventSchema {
  $id: string;
  title: string;
  description: string;
  "x-event": {
    key: string;
    emitted_by: readonly string[];
    consumed_by: readonly string[];
    /** Where they are emitted and consumed, when that is not a topic named as the type. */
    topics?: { emitted?: string; consumed?: string };
  };
  properties: Readonly<Record<string, FieldSchema>>;
  required: readonly string[];
  examples: readonly unknown[];
}

export interface FieldSchema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  description?: string;
  minimum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  items?: FieldSchema;
  properties?: Readonly<Record<string, FieldSchema>>;
  required?: readonly string[];
  additionalProperties?: boolean | FieldSchema;
  "x-open-enum"?: boolean;
}

/** The topic an event is emitted to, and the one it is consumed from: one and the same unless its file says otherwise. */
export function topicsOf(event: EventSchema): { emitted: string; consumed: string } {
  const type = toType(event);
  return { emitted: type, consumed: type, ...event["x-event"].topics };
}

/** The topics an event is on. */
export function channelsOf(event: EventSchema): string[] {
  const { emitted, consumed } = topicsOf(event);
  if (emitted === consumed) return [emitted];
  const { emitted_by: emitters, consumed_by: consumers } = event["x-event"];
  return [...(consumers.length > 0 ? [consumed] : []), ...(emitters.length > 0 ? [emitted] : [])];
}

export function toType({ $id }: EventSchema): string {
  return $id.slice(0, -".json".length);
}
