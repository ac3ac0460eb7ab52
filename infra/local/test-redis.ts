import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { freePort } from "./free-port.ts";
import { findTestProgram } from "./test-programs.ts";

interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/**
 * Redis for tests: the one of SOMA_TEST_REDIS_URL, else a server of its own on a free port of this machine, which keeps
 * nothing. Where there is no redis-server, Debian's is installed, if this user may.
 */
export async function startTestRedis(): Promise<TestRedis> {
  const given = process.env.SOMA_TEST_REDIS_URL;
  if (given !== undefined && given !== "") return { url: given, stop: async () => {} };
  const program = await findRedis();
  const folder = await mkdtemp(join(tmpdir(), "soma-test-redis-"));
  const port = await freePort(0);
  const options = { bind: "127.0.0.1", port: String(port), save: "", appendonly: "no", dir: folder, daemonize: "no" };
  const server = spawn(
    program,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: "ignore" },
  );
  await until("redis-server listens", () => hasEnded(server) || listens(port));
  if (hasEnded(server)) throw new Error(`${program} ended with ${server.exitCode ?? server.signalCode}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const ended = once(server, "exit");
      if (!hasEnded(server) && server.kill("SIGKILL")) await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function findRedis(): Promise<string> {
  const program = await findTestProgram({ names: ["redis-server"], debian: "redis-server" });
  if (program === undefined)
    throw new Error(
      "these tests need Redis, and there is no redis-server on the PATH; install one (Debian: apt-get install redis-server, " +
        "macOS: brew install redis), or name one that may be written to: SOMA_TEST_REDIS_URL=redis://127.0.0.1:6379",
    );
  return program;
}
