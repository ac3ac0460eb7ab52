import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "@soma/shared/testing/until";
import { freePort } from "./free-port.ts";

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
  const program = (await findProgram("redis-server")) ?? (await installRedis());
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

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && (await exists(path))) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The package only: no service of it is started, whatever starts services on this machine. */
async function installRedis(): Promise<string> {
  const install = ["install", "-y", "--no-install-recommends", "redis-server"];
  const mayInstall = process.getuid?.() === 0 && (await findProgram("apt-get")) !== undefined;
  // The list of packages may be missing or old; it is read only where the package is not found without.
  if (mayInstall && !(await apt(install))) await ((await apt(["update"])) && apt(install));
  const program = await findProgram("redis-server");
  if (program === undefined)
    throw new Error(
      "these tests need Redis, and there is no redis-server on the PATH; install one (Debian: apt-get install redis-server, " +
        "macOS: brew install redis), or name one that may be written to: SOMA_TEST_REDIS_URL=redis://127.0.0.1:6379",
    );
  return program;
}

async function apt(args: string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", SYSTEMD_OFFLINE: "1" };
  const command = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=60", ...args], { stdio: "ignore", env });
  const [code] = (await once(command, "exit")) as [number | null];
  return code === 0;
}
