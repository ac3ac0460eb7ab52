import { chmodSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "./backoff.ts";

/**
 * A lock of the operating system on a file of this machine: it goes with its process, however that ends, so a dead owner
 * is never in the way. The file is an empty SQLite one, the only such lock that Node reaches without an addition of its
 * own. Nobody else may open and close it in a process that holds it, or the kernel lets it go; it is never deleted. Keep
 * what you were given until you release it: it goes with that too.
 */
export interface KernelLock {
  release(): void;
}

const SQLITE_BUSY = 5;
const RETRY = { initialMs: 2, maxMs: 20, minMs: 1 };

/** Takes the lock, and makes its file for this user alone; undefined while somebody has it. Throws when it cannot be locked at all. */
export function tryLock(path: string): KernelLock | undefined {
  const isNew = !existsSync(path);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path);
    if (isNew) chmodSync(path, 0o600);
    // Without a journal file of its own; nothing is ever written.
    lock.exec("pragma journal_mode = memory");
    lock.exec("begin exclusive");
    return { release: () => lock?.close() };
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

/** Does the work under the lock; waits for it until the signal aborts. */
export async function withLock<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const lock = tryLock(path);
    if (lock === undefined) {
      await delay(backoffMs(RETRY, tries), undefined, { signal });
      continue;
    }
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
}
