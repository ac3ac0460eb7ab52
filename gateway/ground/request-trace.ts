import type { Log } from "@soma/shared/log";
import { activeRequestId, REQUEST_ID_HEADER, toRequestId } from "@soma/shared/request-id";
import { activeTraceId, contextFromHeaders, otelContext, traceHeaders, withSpan } from "@soma/shared/telemetry";

/** The ids of one request or operation, and a log that carries them. */
export interface RequestTrace {
  requestId: string;
  traceId: string;
  /** W3C headers and the request's id for the subgraphs, of the span in force. */
  headers(): Record<string, string>;
  /** Does work that belongs to this trace although it happens later, such as the events of a subscription. */
  run<T>(work: () => Promise<T>): Promise<T>;
  log: Log;
}

const TRACE_PARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Does the work inside a span that continues the caller's trace. The caller's request id is taken over when it is well
 * formed; without a tracing SDK the trace has an id all the same, so that an error can be found in the logs.
 */
export function traced<T>(
  name: string,
  headers: Headers,
  log: Log,
  work: (trace: RequestTrace) => Promise<T>,
): Promise<T> {
  const traceparent = headers.get("traceparent") ?? undefined;
  const parent = contextFromHeaders({
    traceparent,
    tracestate: headers.get("tracestate") ?? undefined,
    [REQUEST_ID_HEADER]: toRequestId(headers.get(REQUEST_ID_HEADER)),
  });
  return withSpan(name, {}, () => work(openTrace(headers, log)), { parent });
}

/** The ids alone, of the span in force if there is one: for what is over before a span could tell anything. */
export function openTrace(headers: Headers, log: Log): RequestTrace {
  const traceparent = headers.get("traceparent") ?? undefined;
  const requestId = activeRequestId() || toRequestId(headers.get(REQUEST_ID_HEADER));
  const given = TRACE_PARENT.exec(traceparent ?? "")?.[1];
  const traceId = activeTraceId() || given || hex(16);
  const fallback = {
    traceparent: given !== undefined && traceparent !== undefined ? traceparent : `00-${traceId}-${hex(8)}-01`,
    [REQUEST_ID_HEADER]: requestId,
  };
  const context = otelContext.active();
  return {
    requestId,
    traceId,
    headers: () => ({ ...fallback, ...traceHeaders() }),
    run: (work) => otelContext.with(context, work),
    log: log.child({ request_id: requestId, trace_id: traceId }),
  };
}

function hex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
