import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

const tracer = trace.getTracer("soma");

/** Runs the work inside a span that ends with it and keeps its error. */
export function withSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  parent: Context = context.active(),
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, parent, async (span) => {
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

/** W3C trace headers of the span in force. */
export function traceHeaders(from: Context = context.active()): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(from, headers);
  return headers;
}

export function contextFromHeaders(headers: Record<string, string | undefined>): Context {
  return propagation.extract(context.active(), headers);
}

/** Empty when nothing is traced. */
export function activeTraceId(): string {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? span.traceId : "";
}

export { context as otelContext };
