import { mkdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createLog } from "@soma/shared/log";
import { onCrash, untilStopped } from "@soma/shared/run-main";
import { pino } from "pino";
import { runDemo } from "./demo.ts";
import { freePort } from "./postgres.ts";
import { type Local, startLocal } from "./start.ts";

/** `npm start`: starts everything, says in a few lines how to use it, and stops on Ctrl-C. */
const DEFAULT_PORT = 4_700;
const VERSION = "0.1.0";

function readOptions(): { port: number; dataDir: string; asked: boolean } {
  const { values } = parseArgs({
    options: { port: { type: "string" }, data: { type: "string" }, mode: { type: "string" } },
  });
  const port = Number(values.port ?? process.env.SOMA_GATEWAY_PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port is "${values.port}"; it must be a port number, 0 to 65535`);
  if (values.mode !== undefined && values.mode !== "dev_full")
    throw new Error(`--mode is "${values.mode}"; this command runs dev_full only`);
  const folder = values.data ?? process.env.SOMA_DATA_DIR ?? ".soma";
  return { port, dataDir: isAbsolute(folder) ? folder : resolve(folder), asked: values.port !== undefined };
}

async function choosePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 20; port += 1) if ((await freePort(port)) === port) return port;
  return freePort(0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const startedAt = performance.now();
  say(`soma ${VERSION} · embedded (dev_full) · node ${process.versions.node}\n`);
  const port = options.port === 0 ? 0 : await choosePort(options.port);
  mkdirSync(join(options.dataDir, "log"), { recursive: true });
  const logFile = join(options.dataDir, "log", "soma.log");
  const log = createLog({
    level: process.env.SOMA_LOG_LEVEL ?? "info",
    service: "soma",
    destination: pino.destination({ dest: logFile, sync: false }),
  });
  const local = await startLocal({
    ...options,
    port,
    env: process.env,
    log,
    onStep: (name, detail, ms) => say(`  ✓ ${name.padEnd(11)} ${detail}  ${(ms / 1_000).toFixed(1)} s`),
  });
  if (port !== options.port && options.port !== 0)
    say(`  ! Port ${options.port} is taken by another program; this one is on ${local.port}`);
  onCrash(log, local.close);
  const demo = local.created
    ? await runDemo(local).catch((error: unknown) => void log.error({ err: error }, "the demo conversation failed"))
    : undefined;
  await report(local, { ms: performance.now() - startedAt, logFile, dataDir: options.dataDir, demo });
  await untilStopped();
  say("\nStopping; runs that are under way go on at the next start.");
  await local.close();
}

async function report(
  local: Local,
  { ms, logFile, dataDir, demo }: { ms: number; logFile: string; dataDir: string; demo: string | undefined },
): Promise<void> {
  say(`\nReady in ${(ms / 1_000).toFixed(1)} s\n`);
  say(`  Open   ${await local.signInLink()}`);
  say(`  Try    npx soma ask "What is 37*12? Remember that my favourite number is 37."`);
  if (demo !== undefined) say(`  Look   npx soma runs show ${demo}   (a demo conversation that has just run)`);
  say(`\n  Data is kept in ${dataDir} · log ${logFile} · stop: Ctrl-C`);
  say("  For this machine only: one user, loopback, no TLS");
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\nsoma could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
