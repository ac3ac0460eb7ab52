import { isSpanContextValid, trace } from "@opentelemetry/api";
import { pino } from "pino";
import { openDestination } from "./log-destination.ts";

export type Log = pino.Logger;

export interface LogOptions {
  level: string;
  service: string;
  /** Where lines go; stdout when left out. */
  destination?: pino.DestinationStream;
}

const STDOUT = 1;

/** Paths that must never reach a log line. */
const REDACTED = [
  "*.token",
  "*.authorization",
  "*.password",
  "*.apiKey",
  "*.decisionToken",
  "token",
  "authorization",
  "password",
  "apiKey",
];

/** JSON lines: a constant sentence with fields, and the trace and span in force. */
export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      redact: { paths: REDACTED, censor: "[redacted]" },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin() {
        const span = trace.getActiveSpan()?.spanContext();
        return span !== undefined && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {};
      },
    },
    options.destination ?? openDestination(STDOUT),
  );
}

export function createSilentLog(): Log {
  return pino({ level: "silent" });
}
