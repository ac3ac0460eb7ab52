import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  CREDENTIALS_FILE,
  type Credentials,
  parseRuntime,
  RUNTIME_FILE,
  type Runtime,
} from "@soma/schemas/data-folder";
import { type KernelLock, tryLock } from "@soma/shared/kernel-lock";
import { replaceFile } from "@soma/shared/replace-file";

const PID_FILE = "pid";
const LOCK_FILE = "lock";

/**
 * Takes the data folder for this process; makes it, closed to others, when it is missing. Throws when another process has
 * it. The lock is the kernel's and goes with its process, however that ends, so neither a dead owner nor a stranger that
 * was given its number is ever in the way. The pid file only tells people who it is.
 */
export async function takeDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(dataDir);
  const path = join(dataDir, PID_FILE);
  await replaceFile(path, `${process.pid}\n`);
  return {
    async release() {
      await rm(path, { force: true });
      lock.release();
    },
  };
}

async function takeLock(dataDir: string): Promise<KernelLock> {
  const lock = tryTo(dataDir);
  if (lock === undefined) throw await alreadyRunning(dataDir);
  return lock;
}

function tryTo(dataDir: string): KernelLock | undefined {
  try {
    return tryLock(join(dataDir, LOCK_FILE));
  } catch (cause) {
    throw new Error(
      `${join(dataDir, LOCK_FILE)} cannot be locked: ${(cause as Error).message}; the data folder must be writable and on a disk of this machine, choose one with --data DIR`,
      { cause },
    );
  }
}

async function alreadyRunning(dataDir: string): Promise<Error> {
  const pid = (await readFile(join(dataDir, PID_FILE), "utf8").catch(() => "")).trim();
  const running = await readRuntime(dataDir);
  const who = [pid === "" ? undefined : `process ${pid}`, String(running?.pid) === pid ? running?.url : undefined];
  const known = who.filter((part) => part !== undefined).join(", ");
  return new Error(
    `soma is running already on ${dataDir}${known === "" ? "" : ` (${known})`}; use it, stop it with Ctrl-C in its window, or start another one with --data DIR`,
  );
}

export async function writeRuntime(dataDir: string, runtime: Runtime, credentials: Credentials): Promise<void> {
  await replaceFile(join(dataDir, CREDENTIALS_FILE), `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
  await replaceFile(join(dataDir, RUNTIME_FILE), `${JSON.stringify(runtime)}\n`);
}

async function readRuntime(dataDir: string): Promise<Runtime | undefined> {
  const text = await readFile(join(dataDir, RUNTIME_FILE), "utf8").catch(() => "");
  return parseRuntime(text);
}
