import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { TracerProvider } from "@opentelemetry/sdk-trace";

export interface TelemetryOptions {
  service: string;
  /** Empty exports nothing. */
  otlpEndpoint: string;
}

export interface Telemetry {
  close(): Promise<void>;
}

/**
 * Starts tracing. Spans are exported over OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set and only carry ids otherwise, so
 * that every run and error has a trace id in every mode.
 */
export async function startTelemetry({ service, otlpEndpoint }: TelemetryOptions): Promise<Telemetry> {
  return otlpEndpoint === "" ? startIds() : startExport(service);
}

function startIds(): Telemetry {
  const provider = new TracerProvider();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  trace.setGlobalTracerProvider(provider);
  return { close: () => provider.shutdown() };
}

/** By the OTEL_* settings. Imported here: exporters take a second of CPU to load, which who exports nothing does not pay. */
async function startExport(serviceName: string): Promise<Telemetry> {
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  process.env.OTEL_METRICS_EXPORTER ??= "none";
  process.env.OTEL_LOGS_EXPORTER ??= "none";
  process.env.OTEL_TRACES_EXPORTER ??= "otlp";
  const sdk = new NodeSDK({ serviceName });
  sdk.start();
  return { close: () => sdk.shutdown() };
}
