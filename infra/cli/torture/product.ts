import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createSomaClient, type SomaClient } from "@soma/graphql/client";
import { isAlive } from "@soma/schemas/is-alive";
import { CliError } from "../cli-error.ts";
import { readCredentials } from "../data-folder.ts";
import { findReadiness } from "../find-readiness.ts";

/** The installation's own program: killed is the process that does the work, and no launcher before it. */
export const PROGRAM = fileURLToPath(new URL("../../local/up.ts", import.meta.url));
const START_MS = 120_000;
const STOP_MS = 30_000;
const LOOK_MS = 50;

/** Where a product of this command's own keeps what. */
export interface Home {
  folder: string;
  dataDir: string;
  projectDir: string;
}

export interface TorturedProduct {
  /** A client of whichever process answers at the moment. */
  client: SomaClient;
  /** Starts it and waits until it answers; again, when it dies meanwhile. */
  start(): Promise<void>;
  /**
   * What `kill -9` does to the process; its PostgreSQL stays. Throws when it had ended by itself, which no tool does.
   */
  kill(): Promise<void>;
  /** Ends when the process that runs now does. */
  died(): Promise<void>;
  deaths(): { kills: number; byTools: number; longestAwayMs: number };
  /** Ends it, with its PostgreSQL, whatever it is in the middle of; it cannot be started again. */
  stop(): Promise<void>;
}

/** A product with a data folder, a project and a port that nobody else has; ends only what it started. */
export async function createProduct({ folder, dataDir, projectDir }: Home): Promise<TorturedProduct> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const output = await open(join(folder, "output.log"), "a");
  const deaths = { kills: 0, byTools: 0, longestAwayMs: 0 };
  let child: ChildProcess | undefined;
  let gone: Promise<unknown> = Promise.resolve();
  let diedAt: number | undefined;
  let stopping: Promise<void> | undefined;

  function spawnOnce(): ChildProcess {
    const args = [PROGRAM, "--data", dataDir, "--project", projectDir, "--port", String(port)];
    const started = spawn(process.execPath, args, { env: cleanEnv(folder), stdio: ["ignore", output.fd, output.fd] });
    child = started;
    gone = once(started, "exit").then(() => (diedAt ??= performance.now()));
    return started;
  }

  async function start(): Promise<void> {
    for (const end = performance.now() + START_MS; ; ) {
      if (stopping !== undefined) throw await notStarted(folder, "it is to end");
      const started = spawnOnce();
      while (isUp(started)) {
        if (await isReady(url)) return noteAway();
        if (performance.now() > end) throw await notStarted(folder, `it did not answer within ${START_MS / 1_000} s`);
        await pause(LOOK_MS);
      }
      if (started.signalCode !== "SIGKILL") throw await notStarted(folder, `it ended with ${started.exitCode}`);
      deaths.byTools += 1;
    }
  }

  async function stop(): Promise<void> {
    if (child !== undefined && isUp(child)) {
      child.kill("SIGTERM");
      await Promise.race([gone, pause(STOP_MS, undefined, { ref: false })]);
      child.kill("SIGKILL");
      await gone;
    }
    await stopPostgres(join(dataDir, "pg"));
    await output.close();
  }

  function noteAway(): void {
    if (diedAt !== undefined) deaths.longestAwayMs = Math.max(deaths.longestAwayMs, performance.now() - diedAt);
    diedAt = undefined;
  }

  await output.truncate();
  return {
    client: await lazyClient(url, dataDir),
    start,
    deaths: () => ({ ...deaths }),
    died: () => gone.then(() => {}),
    async kill() {
      if (child === undefined) return;
      if (isUp(child)) deaths.kills += 1;
      else if (child.signalCode === "SIGKILL") deaths.byTools += 1;
      else throw await diedByItself(folder, child.exitCode ?? child.signalCode);
      child.kill("SIGKILL");
      await gone;
    },
    stop: () => (stopping ??= stop()),
  };
}

function isUp({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function isReady(url: string): Promise<boolean> {
  return findReadiness(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Its token is good over restarts, and is there once it has started. */
async function lazyClient(url: string, dataDir: string): Promise<SomaClient> {
  let made: SomaClient | undefined;
  const client = async (): Promise<SomaClient> => {
    const token = (await readCredentials(dataDir))?.token;
    made ??= createSomaClient({ url, ...(token === undefined ? {} : { token }) });
    return made;
  };
  return {
    request: async (...asked) => (await client()).request(...asked),
    async *answers(...asked) {
      yield* (await client()).answers(...asked);
    },
    async *runEvents(params) {
      yield* (await client()).runEvents(params);
    },
  };
}

/** Settings of whoever types the command are not this product's; it needs no model and no page. */
function cleanEnv(folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:SOMA|OTEL|npm)_/.test(name));
  return { ...Object.fromEntries(own), OPENAI_API_KEY: "", SOMA_MODEL_PROFILE: "scripted", SOMA_WEBUI_DIR: folder };
}

async function notStarted(folder: string, why: string): Promise<CliError> {
  const said = await lastSaid(folder);
  return new CliError(`the product could not be started: ${why}; the last it said:\n${said}`, { code: "NOT_STARTED" });
}

async function diedByItself(folder: string, how: number | string | null): Promise<CliError> {
  const said = await lastSaid(folder);
  return new CliError(`the product ended by itself with ${how}; the last it said:\n${said}`, {
    code: "ENDED_BY_ITSELF",
  });
}

async function lastSaid(folder: string): Promise<string> {
  const said = await readFile(join(folder, "output.log"), "utf8").catch(() => "");
  return said.trim().split("\n").slice(-5).join("\n");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/**
 * A server that outlived its product, as one does that is killed; it stands in the folder of this database, or is left
 * alone. Elsewhere than on Linux nobody can tell in which folder it stands, and its number may be another process's by
 * now.
 */
async function stopPostgres(folder: string): Promise<void> {
  const text = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!isAlive(pid)) return;
  if ((await readlink(`/proc/${pid}/cwd`).catch(() => "")) !== folder) return;
  // Its fast shutdown: open transactions are given up.
  process.kill(pid, "SIGINT");
  for (const end = performance.now() + STOP_MS; isAlive(pid) && performance.now() < end; ) await pause(LOOK_MS);
}
