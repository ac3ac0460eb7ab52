import type { IHeaders, KafkaMessage, Message } from "kafkajs";
import { REQUEST_ID_HEADER } from "../../../request-id.ts";
import { POOL } from "../../event-record.ts";
import type { FoundTrace, Said } from "./traces.ts";

/** Where a message stands. */
export interface Place {
  topic: string;
  partition: number;
}

/** Where the trace of an event is from that came without one. */
const FROM_HEADER = "soma-trace-from";

/** What a message says of its trace, whatever else it is: nothing of it is refused here. */
export function toSaid({ topic, partition }: Place, { headers = {}, value, offset }: KafkaMessage): Said {
  const [, owner = ""] = topic.split(".", 2);
  const fields = fieldsOf(value);
  return {
    // Of a topic that tenants share only the product's word is there, and it is kept apart from what stands elsewhere.
    tenant: owner === POOL ? `${owner}/${textOf(headers, "ce_tenant")}` : owner,
    id: textOf(headers, "ce_id") || `${topic}/${partition}/${offset}`,
    traceParent: textOf(headers, "traceparent"),
    requestId: textOf(headers, REQUEST_ID_HEADER),
    traceId: wordOf(fields, "trace_id"),
    runId: wordOf(fields, "run_id"),
    sessionId: wordOf(fields, "session_id"),
  };
}

/** The copy of a message, in the partition of the same number: as it came, with its trace where it came without one. */
export function toCopy({ partition }: Place, message: KafkaMessage, found: FoundTrace): Message {
  const { key, value, timestamp, headers = {} } = message;
  const { from, traceParent, requestId } = found;
  const added = { traceparent: traceParent, [REQUEST_ID_HEADER]: requestId, [FROM_HEADER]: from };
  return { key, value, timestamp, partition, headers: from === "own" ? headers : { ...headers, ...added } };
}

function textOf(headers: IHeaders, name: string): string {
  const said = headers[name];
  return String((Array.isArray(said) ? said[0] : said) ?? "");
}

/** An object's fields; none of what is no JSON, or no object. */
function fieldsOf(value: Buffer | null): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(String(value ?? ""));
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Longer than any id of ours: what others wrote is kept in memory. */
const MOST_LETTERS = 100;

function wordOf(fields: Record<string, unknown>, name: string): string {
  const said = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof said === "string" && said.length <= MOST_LETTERS ? said : "";
}
