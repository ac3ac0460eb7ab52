import type { EventTypes, ToolRequestEvent } from "@soma/schemas/events";
import { derivedId } from "@soma/shared/ids";
import { clip } from "@soma/shared/json";
import { EVENT_STATUS, type FinalStatus } from "./invocation.ts";

/** Begins the idempotency keys of calls that were asked for on the bus. */
const REQUEST_KEY = "tool.request.v1/";
/** Of an output so much is told: what a broker takes in one record, however it is written. */
const MAX_OUTPUT_BYTES = 400_000;

/** What of a request comes back in its result. */
export type AskedBy = Pick<
  ToolRequestEvent,
  "event_id" | "session_id" | "metadata" | "request_id" | "trace_id" | "persona_id"
>;

export function askedByOf(event: ToolRequestEvent): AskedBy {
  const { event_id, session_id, metadata, request_id, trace_id, persona_id } = event;
  const persona = persona_id === undefined ? {} : { persona_id };
  return { event_id, session_id, metadata, request_id, trace_id, ...persona };
}

/** Key under which a request's call is made, once. */
export function keyOfRequest({ event_id }: Pick<AskedBy, "event_id">): string {
  return REQUEST_KEY + event_id;
}

export interface AnsweredCall {
  tenant: string;
  tool: string;
  status: FinalStatus;
  output: string | null;
  error: { type: string; message: string } | null;
  executionMs: number;
}

/** The answer to a request: what its tool gave, or why it gave nothing. */
export function toToolResult(asked: AskedBy, call: AnsweredCall): EventTypes["tool.result.v1"] {
  const { event_id, session_id, metadata, request_id, trace_id, persona_id } = asked;
  const output = call.output === null ? null : clip(call.output, MAX_OUTPUT_BYTES);
  const isCut = output !== call.output && call.status === "SUCCEEDED";
  return {
    event_id: derivedId("Other", call.tenant, event_id, "result"),
    session_id,
    tool_name: call.tool,
    status: EVENT_STATUS[isCut ? "TRUNCATED" : call.status],
    payload: toPayload(output, call.error),
    metadata: { ...metadata },
    execution_time: Math.max(0, call.executionMs) / 1_000,
    trace_id,
    span_id: "",
    request_id,
    tenant: call.tenant,
    ...(persona_id === undefined ? {} : { persona_id }),
  };
}

/** Any JSON, which the type of its schema does not say. */
function toPayload(output: string | null, error: AnsweredCall["error"]): EventTypes["tool.result.v1"]["payload"] {
  const payload = error === null ? output : { error, ...(output === null ? {} : { output }) };
  return payload as unknown as EventTypes["tool.result.v1"]["payload"];
}
