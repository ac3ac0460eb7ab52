import { chooseBus } from "./bus/choose-bus.ts";
import type { EventBus } from "./bus/event-bus.ts";
import { ConfigError, flag, integer, oneOf, readSettings, text } from "./config.ts";
import { readDeployMode } from "./deploy-mode.ts";
import { openOperatorDoor } from "./http/operator-door.ts";
import type { FindFaults } from "./http/readiness.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { createLog, type Log } from "./log.ts";
import { startTelemetry } from "./start-telemetry.ts";

const processSettings = {
  logLevel: oneOf(["trace", "debug", "info", "warn", "error", "silent"], {
    env: "SOMA_LOG_LEVEL",
    doc: "least severe line that is logged",
    default: "info",
  }),
  metricsHost: text({
    env: "SOMA_METRICS_HOST",
    doc: "address on which a process serves its metrics, and its readiness in full",
    default: "127.0.0.1",
  }),
  metricsPort: integer({
    env: "SOMA_METRICS_PORT",
    doc: "port of the metrics; 0 takes a free one, which the log names",
    default: 0,
    min: 0,
    max: 65_535,
  }),
  scraped: flag({
    env: "PROMETHEUS_SCRAPE",
    doc: "whether a Prometheus elsewhere asks for the metrics; with true they have to be open to it, on a port that is known",
    default: false,
  }),
  traced: oneOf(["", "true", "false"], {
    env: "OTEL_ENABLED",
    doc: "whether spans are exported; when left out, they are where OTEL_EXPORTER_OTLP_ENDPOINT is set",
    default: "",
  }),
  otlpEndpoint: text({
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    doc: "where spans are exported over OTLP",
    default: "",
  }),
};

const LOOPBACK = /^(?:127\.|localhost$|::1$)/;

/** What every process reads, whatever is in it. */
export function readProcessSettings(env: Record<string, string | undefined>) {
  const settings = readSettings(processSettings, env);
  const { scraped, traced, metricsHost, metricsPort, otlpEndpoint } = settings;
  const faults = [
    ...(scraped && (LOOPBACK.test(metricsHost) || metricsPort === 0)
      ? [
          `PROMETHEUS_SCRAPE is true, and the metrics are at ${metricsHost}:${metricsPort}, where no Prometheus finds them; ` +
            "set SOMA_METRICS_HOST to an address of the network, and SOMA_METRICS_PORT",
        ]
      : []),
    ...(traced === "true" && otlpEndpoint === ""
      ? ["OTEL_ENABLED is true, and OTEL_EXPORTER_OTLP_ENDPOINT is not set, so spans have nowhere to go"]
      : []),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
  return { ...settings, otlpEndpoint: traced === "false" ? "" : otlpEndpoint };
}

export interface MainDeps {
  env: Record<string, string | undefined>;
  log: Log;
  /** Undefined when this process holds its events in the outbox. */
  bus: EventBus | undefined;
}

export interface Part {
  findFaults: FindFaults;
  close(): Promise<void>;
}

interface ProcessParts extends Omit<MainDeps, "env"> {
  settings: ReturnType<typeof readProcessSettings>;
  lifecycle: Lifecycle;
}

/** Milliseconds a part may take to close; a worker hands its runs back. */
const CLOSE_MS = 25_000;
/** Milliseconds all parts may take to close after a crash. */
const CRASH_CLOSE_MS = 10_000;

/**
 * The life of a process with one part in it, the same for all: settings with every fault at once, log, telemetry, bus, the
 * part, until a signal; then it is closed in reverse. A second signal is meant. What nobody caught is logged and ends the
 * process with 1, after closing what can be closed; so does a start that fails half way. `publishes: false` is for parts
 * that have no events of their own.
 */
export async function runMain(
  service: string,
  start: (deps: MainDeps) => Promise<Part>,
  options: { publishes?: boolean } = {},
): Promise<void> {
  surviveClosedOutput();
  const close = await startProcess(service, start, options.publishes !== false).catch((error: unknown) => {
    process.stderr.write(`${service} could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  });
  await untilStopped();
  await close().catch(() => process.exit(1));
  process.exit(0);
}

async function startProcess(
  service: string,
  start: (deps: MainDeps) => Promise<Part>,
  publishes: boolean,
): Promise<() => Promise<void>> {
  const { env } = process;
  readDeployMode(env, { part: service });
  const settings = readProcessSettings(env);
  const log = createLog({ level: settings.logLevel, service });
  const bus = publishes ? chooseBus({ env, log, hasEveryPart: false }) : undefined;
  const lifecycle = createLifecycle(log, CLOSE_MS);
  try {
    await startParts(service, () => start({ env, log, bus }), { settings, bus, log, lifecycle });
  } catch (error) {
    // A worker has claimed runs by then: left as it is, each try to start would count as a death of theirs.
    await lifecycle.close().catch(() => {});
    throw error;
  }
  onCrash(log, lifecycle.close);
  return lifecycle.close;
}

async function startParts(
  service: string,
  start: () => Promise<Part>,
  { settings, bus, log, lifecycle }: ProcessParts,
): Promise<void> {
  const telemetry = await startTelemetry({ service, otlpEndpoint: settings.otlpEndpoint });
  lifecycle.add("telemetry", telemetry.close);
  if (bus !== undefined) lifecycle.add("bus", bus.close);
  const part = await start();
  lifecycle.add(service, part.close);
  const { metricsHost: host, metricsPort: port } = settings;
  const door = await openOperatorDoor({ [service]: part.findFaults }, { host, port });
  lifecycle.add("metrics", door.close);
  log.info({ url: `${door.url}/metrics` }, "metrics are served");
}

/** Whoever read what we print may go away: what is printed then is lost, and nothing else. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/**
 * Milliseconds after a signal in which another one is the same request: a terminal and a service manager ask every process
 * of a group, and a launcher among them hands on what it was asked.
 */
const ONE_STOP_MS = 1_000;

/** Resolves at the first SIGINT, SIGTERM or SIGHUP (its terminal was closed); another one, later, ends the process at once. */
export function untilStopped(): Promise<void> {
  let askedAt: number | undefined;
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        const now = performance.now();
        askedAt ??= now;
        if (now - askedAt > ONE_STOP_MS) process.exit(130);
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
      void close()
        .catch(() => {})
        .finally(() => process.exit(1));
    });
  }
}
