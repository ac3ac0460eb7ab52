import { chooseBus } from "./bus/choose-bus.ts";
import type { EventBus } from "./bus/event-bus.ts";
import { oneOf, readSettings, text } from "./config.ts";
import { createLog, type Log } from "./log.ts";
import { startTelemetry } from "./telemetry.ts";

const processSettings = {
  logLevel: oneOf(["trace", "debug", "info", "warn", "error", "silent"], {
    env: "SOMA_LOG_LEVEL",
    doc: "least severe line that is logged",
    default: "info",
  }),
  otlpEndpoint: text({
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    doc: "where spans are exported over OTLP; empty exports none",
    default: "",
  }),
};

/** What every process reads, whatever is in it. */
export function readProcessSettings(env: Record<string, string | undefined>) {
  return readSettings(processSettings, env);
}

export interface MainDeps {
  env: Record<string, string | undefined>;
  log: Log;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
}

export interface Part {
  close(): Promise<void>;
}

/** Milliseconds a part may take to close after a crash. */
const CRASH_CLOSE_MS = 10_000;

/**
 * The life of a process with one part in it, the same for all: settings with every fault at once, log, telemetry, bus, the
 * part, until a signal; then it is closed in reverse. A second signal is meant. What nobody caught is logged and ends the
 * process with 1, after closing what can be closed. `publishes: false` is for parts that have no events of their own.
 */
export async function runMain(
  service: string,
  start: (deps: MainDeps) => Promise<Part>,
  options: { publishes?: boolean } = {},
): Promise<void> {
  const { env } = process;
  try {
    const settings = readProcessSettings(env);
    const bus = options.publishes === false ? undefined : chooseBus({ env, hasEveryPart: false });
    const log = createLog({ level: settings.logLevel, service });
    const telemetry = await startTelemetry({ service, otlpEndpoint: settings.otlpEndpoint });
    const part = await start({ env, log, bus });
    const close = async (): Promise<void> => {
      await part.close();
      await bus?.close();
      await telemetry.close();
    };
    onCrash(log, close);
    await untilStopped();
    await close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${service} could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP (its terminal was closed); the second one ends the process at once. */
export function untilStopped(): Promise<void> {
  let stopping = false;
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(130);
        stopping = true;
        resolve();
      });
    }
  });
}

/** Logs what nobody caught, closes, and ends the process with 1. */
export function onCrash(log: Log, close: () => Promise<void>): void {
  let crashed = false;
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error, event }, "the process failed in a way nobody foresaw and ends");
      if (crashed) return;
      crashed = true;
      setTimeout(() => process.exit(1), CRASH_CLOSE_MS).unref();
      void close().finally(() => process.exit(1));
    });
  }
}
