import { type Attributes, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** A span that has ended. */
export interface EndedSpan {
  name: string;
  kind: string;
  failed: boolean;
  attributes: Attributes;
  /** Of its events, such as exceptions. */
  events: string[];
  id: string;
  parent: string | undefined;
  /** Spans it is linked to, as `trace/span`. */
  links: string[];
}

/**
 * Keeps the spans of this process from now on, in the order in which they end; once in a process, which is to be the
 * test's own.
 */
export function keepSpans(): { spans: EndedSpan[]; close(): Promise<void> } {
  const spans: EndedSpan[] = [];
  const sdk = new NodeSDK({
    spanProcessors: [
      {
        onStart() {},
        onEnd(span) {
          const { name, attributes } = span;
          const kind = SpanKind[span.kind] ?? "";
          const failed = span.status.code === SpanStatusCode.ERROR;
          const place = { id: span.spanContext().spanId, parent: span.parentSpanContext?.spanId };
          const links = span.links.map(({ context }) => `${context.traceId}/${context.spanId}`);
          const events = span.events.map((event) => event.name);
          spans.push({ name, kind, failed, attributes, events, ...place, links });
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  sdk.start();
  return { spans, close: () => sdk.shutdown() };
}
