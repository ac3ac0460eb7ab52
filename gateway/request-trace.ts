import type { Log } from "@soma/shared/log";

/** The ids of one request or connection, and a log that carries them. */
export interface RequestTrace {
  requestId: string;
  traceId: string;
  /** W3C headers for the subgraphs. */
  traceHeaders: Record<string, string>;
  log: Log;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACE_PARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Takes over the caller's request id and trace when they are well formed, and begins new ones otherwise. */
export function createRequestTrace(headers: Headers, log: Log): RequestTrace {
  const given = headers.get("x-request-id") ?? "";
  const requestId = REQUEST_ID.test(given) ? given : crypto.randomUUID();
  const traceparent = headers.get("traceparent") ?? "";
  const known = TRACE_PARENT.exec(traceparent)?.[1];
  const traceId = known ?? hex(16);
  const traceHeaders = { traceparent: known === undefined ? `00-${traceId}-${hex(8)}-01` : traceparent };
  return { requestId, traceId, traceHeaders, log: log.child({ request_id: requestId, trace_id: traceId }) };
}

function hex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
