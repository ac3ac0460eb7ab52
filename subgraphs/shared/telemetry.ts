import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  isValidSpanId,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { activeRequestId, REQUEST_ID_HEADER, withRequestId } from "./request-id.ts";
import { SPAN } from "./span-attributes.ts";

const tracer = trace.getTracer("soma");

interface SpanPlace {
  /** Left out, the span in force. */
  parent?: Context;
  /** A span that this one follows and is not part of. */
  after?: SpanContext | undefined;
}

/** Runs the work inside a span that ends with it and keeps its error. */
export function withSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  { parent = context.active(), after }: SpanPlace = {},
): Promise<T> {
  const links = after === undefined ? [] : [{ context: after }];
  const options = { attributes: { ...requestOf(parent), ...attributes }, links };
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that whoever begins it ends. */
export interface OpenSpan {
  /** Runs the work below the span. */
  within<T>(work: () => T): T;
  end(more: Attributes, failed: boolean): void;
}

/**
 * A span for what outlives the function that begins it, such as an answer that streams. It keeps no error, unlike
 * withSpan(): messages may quote what was said, and attributes tell enough.
 */
export function beginSpan(name: string, kind: "CLIENT" | "INTERNAL", attributes: Attributes): OpenSpan {
  const span = tracer.startSpan(name, { kind: SpanKind[kind], attributes });
  return {
    within: (work) => context.with(trace.setSpan(context.active(), span), work),
    end(more, failed) {
      span.setAttributes(more);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function requestOf(from: Context): Attributes {
  const id = activeRequestId(from);
  return id === "" ? {} : { [SPAN.request]: id };
}

/** W3C trace headers of the span in force, and the id of the request it is for. */
export function traceHeaders(from: Context = context.active()): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(from, headers);
  const id = activeRequestId(from);
  if (id !== "") headers[REQUEST_ID_HEADER] = id;
  return headers;
}

export function contextFromHeaders(headers: Record<string, string | undefined>): Context {
  return withRequestId(propagation.extract(context.active(), headers), headers[REQUEST_ID_HEADER]);
}

/** What is kept of the request that began something which outlives it; each empty where it is not known. */
export interface Origin {
  /** W3C traceparent of its span. */
  traceParent: string;
  requestId: string;
}

export function activeOrigin(): Origin {
  return { traceParent: traceHeaders().traceparent ?? "", requestId: activeRequestId() };
}

/** An origin as headers, of which whoever reads them goes on. */
export function headersOf({ traceParent, requestId }: Origin): Record<string, string> {
  return {
    ...(traceParent === "" ? {} : { traceparent: traceParent }),
    ...(requestId === "" ? {} : { [REQUEST_ID_HEADER]: requestId }),
  };
}

/** A span of which its id is known, and the headers of another one of its trace; undefined when they tell of none. */
export function spanBeside(headers: Record<string, string>, spanId: string): SpanContext | undefined {
  if (!isValidSpanId(spanId)) return undefined;
  const known = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
  return known === undefined ? undefined : { ...known, spanId };
}

/** Empty when nothing is traced. */
export function spanIdOf(span: SpanContext | undefined): string {
  return span !== undefined && isSpanContextValid(span) ? span.spanId : "";
}

/** Empty when nothing is traced. */
export function activeTraceId(): string {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? span.traceId : "";
}

export type { Span, SpanContext };
export { context as otelContext };
