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

export interface Telemetry {
  close(): Promise<void>;
}

/**
 * Starts tracing. Spans are exported over OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set and only carry ids otherwise, so
 * that every run and error has a trace id in every mode.
 */
export async function startTelemetry(options: { service: string; otlpEndpoint: string }): Promise<Telemetry> {
  // Imported here because the SDK takes a quarter of a second to load; what only reads types does not pay for it.
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  process.env.OTEL_METRICS_EXPORTER ??= "none";
  process.env.OTEL_LOGS_EXPORTER ??= "none";
  process.env.OTEL_TRACES_EXPORTER ??= options.otlpEndpoint === "" ? "none" : "otlp";
  const sdk = new NodeSDK({
    serviceName: options.service,
    ...(options.otlpEndpoint === "" ? { spanProcessors: [NOWHERE] } : {}),
  });
  sdk.start();
  return { close: () => sdk.shutdown() };
}

/** Without any processor the SDK makes no spans at all, and every trace id would be zeros. */
const NOWHERE = { onStart() {}, onEnd() {}, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };

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
