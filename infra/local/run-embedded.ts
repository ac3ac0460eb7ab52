import { flushCompileCache } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { DemoKind } from "@soma/runs/demo-runs";
import type { Log } from "@soma/shared/log";
import { onCrash, surviveClosedOutput, untilStopped } from "@soma/shared/run-main";
import { dataDirOf } from "./data-dir-of.ts";
import { makeDemoRuns } from "./first-minutes/demo-runs.ts";
import { wantsFirstMinutes } from "./first-minutes/settings.ts";
import { freePort } from "./free-port.ts";
import { openLogFile } from "./log-file.ts";
import { describePortHolder } from "./port-holder.ts";
import { somaCommand } from "./soma-command.ts";
import { type Local, startLocal } from "./start.ts";

/** `npm start`: starts everything, says in a few lines how to use it, and stops on Ctrl-C. */
const DEFAULT_PORT = 4_700;
const VERSION = "0.1.0";

interface Options {
  port: number;
  /** True when somebody asked for this port: then it is this one or none. */
  asked: boolean;
  dataDir: string;
  projectDir: string | undefined;
  /** The environment, with what the options say in its place. */
  env: NodeJS.ProcessEnv;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      data: { type: "string" },
      project: { type: "string" },
      kafka: { type: "string" },
    },
  });
  const projectDir = values.project === undefined ? undefined : resolve(values.project);
  const given = values.port ?? (process.env.SOMA_GATEWAY_PORT || undefined);
  const port = Number(given ?? DEFAULT_PORT);
  if (given?.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(
      `${values.port === undefined ? "SOMA_GATEWAY_PORT" : "--port"} is "${given}"; it must be a port number, 0 to 65535`,
    );
  return {
    port,
    asked: given !== undefined,
    dataDir: dataDirOf(values.data ?? dataOfProject(projectDir), process.env),
    projectDir,
    env: { ...process.env, ...onKafka(values.kafka) },
  };
}

/** The settings that an address of Kafka stands for. */
function onKafka(brokers: string | undefined): Record<string, string> {
  return brokers === undefined ? {} : { SOMA_EVENT_BUS: "kafka", SOMA_KAFKA_BROKERS: brokers };
}

/** A project keeps its own data, unless somebody says otherwise. */
function dataOfProject(projectDir: string | undefined): string | undefined {
  if (projectDir === undefined || process.env.SOMA_DATA_DIR) return undefined;
  return join(projectDir, ".soma");
}

async function choosePort({ port: wanted, asked }: Options): Promise<number> {
  if (wanted === 0 || (await freePort(wanted)) === wanted) return wanted;
  const holder = await describePortHolder(wanted);
  if (asked)
    throw new Error(
      `port ${wanted} is held by ${holder}; stop that, or choose another port with --port N (0 takes any)`,
    );
  say(`  ! Port ${wanted} is held by ${holder}; another one is taken`);
  for (let port = wanted + 1; port < wanted + 20; port += 1) if ((await freePort(port)) === port) return port;
  return freePort(0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  surviveClosedOutput();
  const options = readOptions();
  const { dataDir, env } = options;
  const startedAt = performance.now();
  say(`soma ${VERSION} · embedded (dev_full) · node ${process.versions.node}\n`);
  // Heard from the beginning: a stop during the start closes what has started, and a second one ends it at once.
  const stopping = new AbortController();
  const stopped = untilStopped().then(() => {
    stopping.abort();
    say("\nStopping; runs that are under way go on at the next start.");
  });
  const { log, path: logFile } = openLogFile(dataDir, "soma");
  const local = await startLocal({
    dataDir,
    projectDir: options.projectDir,
    firstMinutes: wantsFirstMinutes(env, options.projectDir),
    choosePort: () => choosePort(options),
    env,
    log,
    say: (line) => say(`  ! ${line}`),
    onStep: (name, detail, ms) => say(`  ✓ ${name.padEnd(11)} ${detail}  ${(ms / 1_000).toFixed(1)} s`),
  });
  onCrash(log, local.close);
  const greet = async (): Promise<void> => {
    // Now, because a process that is killed writes nothing at its end.
    flushCompileCache();
    if (stopping.signal.aborted) return;
    await report(local, { ms: performance.now() - startedAt, logFile, dataDir });
    await showFirstMinutes(local, { dataDir, log, signal: stopping.signal });
  };
  try {
    await Promise.race([greet(), stopped]);
    await stopped;
  } finally {
    await local.close().catch(stoppedBadly);
  }
}

function stoppedBadly(error: Error): never {
  process.stderr.write(`\nsoma did not stop as it should: ${error.message}\n`);
  process.exit(1);
}

async function report(
  local: Local,
  { ms, logFile, dataDir }: { ms: number; logFile: string; dataDir: string },
): Promise<void> {
  const soma = somaCommand(dataDir);
  say(`\nReady in ${(ms / 1_000).toFixed(1)} s\n`);
  say(`  Open   ${await local.signInLink()}`);
  say(`  Try    ${soma} ask "What is 37*12? Remember that my favourite number is 37."`);
  say(`\n  Data is kept in ${dataDir} · log ${logFile} · stop: Ctrl-C`);
  say("  For this machine only: one user, loopback, no TLS");
}

const SHOWS: Record<DemoKind, string> = {
  RECOVERED: "its worker process was killed, and another one went on",
  DENIED: "the policy denied its call",
  RETRIED: "a step failed and was tried again",
};

/** After the start, which nobody waits longer for: the worker process, and at the first start runs to look at. */
async function showFirstMinutes(
  { worker, created, url, token }: Local,
  { dataDir, log, signal }: { dataDir: string; log: Log; signal: AbortSignal },
): Promise<void> {
  worker?.start();
  if (worker === undefined || !created) return;
  const made = await makeDemoRuns({ url, token, worker, log, signal });
  for (const { shows, runId } of made) say(`  Look   ${somaCommand(dataDir)} runs show ${runId}   (${SHOWS[shows]})`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const usage = String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    const more = usage ? "\nnpm start -- --help shows the options" : "";
    process.stderr.write(`\nsoma could not start: ${error instanceof Error ? error.message : String(error)}${more}\n`);
    process.exit(1);
  },
);
