/** The file of an event type, as far as its catalogue reads it. */
export interface EventSchema {
  $id: string;
  title: string;
  description: string;
  "x-event": { key: string; emitted_by: readonly string[]; consumed_by: readonly string[] };
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

export function toType({ $id }: EventSchema): string {
  return $id.slice(0, -".json".length);
}
