import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { Sql } from "./connect.ts";
import { holdLiveness } from "./liveness.ts";

/** One life of a process in the database: a registered id, and the session lock on its number that says it is alive. */
export interface Incarnation {
  id: string;
  no: number;
  /** False once the connection with the lock was lost: others may take over what this life owned. */
  held(): boolean;
  /** Resolves when the lock is found to be lost. */
  lost: Promise<void>;
  close(): Promise<void>;
}

export interface BeginOptions {
  /** A pool of exactly one connection, for the lock alone. */
  liveness: Sql;
  lockClass: number;
  /** Writes the row of the new life; a life never takes up the row of an old one. */
  register(): Promise<{ id: string; no: number }>;
}

/** Registers a new life and takes its lock. */
export async function beginIncarnation({ liveness, lockClass, register }: BeginOptions): Promise<Incarnation> {
  // The connection is there before the row is, so that nobody finds the row without its lock for long.
  await liveness`select 1`;
  const { id, no } = await register();
  const lock = await holdLiveness(liveness, lockClass, no);
  return { id, no, ...lock };
}

/** A life that can end before its time. */
export interface Life {
  lost: Promise<void>;
  close(): Promise<void>;
}

const RETRY = { initialMs: 200, maxMs: 2_000 };

/**
 * One life after another: when one is lost it is closed, and a new one with a new identity takes its place, tried until
 * there is one. `current()` is the newest; it may be lost already.
 */
export async function liveOn<L extends Life>(
  begin: () => Promise<L>,
  log: Log,
): Promise<{ current(): L; close(): Promise<void> }> {
  const stop = new AbortController();
  let current = await begin();
  const following = follow();

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      await Promise.race([current.lost, aborted(stop.signal)]);
      if (stop.signal.aborted) return;
      log.error("this process lost its life in the database and begins a new one");
      await current.close().catch((error: unknown) => log.warn({ err: error }, "a lost life did not close"));
      current = (await beginAgain()) ?? current;
    }
  }

  async function beginAgain(): Promise<L | undefined> {
    for (let failures = 1; !stop.signal.aborted; failures += 1) {
      try {
        return await begin();
      } catch (error) {
        log.warn({ err: error, failures }, "a new life could not begin yet");
        await sleep(backoffMs(RETRY, failures), undefined, { signal: stop.signal }).catch(() => {});
      }
    }
    return undefined;
  }

  return {
    current: () => current,
    async close() {
      stop.abort();
      await following;
      await current.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
