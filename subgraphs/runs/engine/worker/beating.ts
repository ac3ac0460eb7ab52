import { connect, type Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "../../store/commit-batch.ts";
import { renewLease } from "../../store/renew-lease.ts";
import { watchCount } from "./standing-count.ts";

export const LEASE_MS = 2_000;
const BEAT_MS = 250;
/** A connection that has not answered for so long is given up for another one. */
const ANSWER_MS = 1_000;

export interface BeatingOptions {
  url: string;
  schema: string;
  /** Milliseconds without a turn of the event loop after which it is said to hang, and nothing is renewed any more. */
  stallMs: number;
  /** Numbers that the threads share. */
  counts: SharedArrayBuffer;
}

/**
 * Turns of the event loop, beats that went well and when the last of them began, and lives that were found taken over.
 */
export const COUNT = { TURNS: 0, BEATS: 1, HEARD_AT: 2, TAKEN: 3 } as const;
export const COUNTS = Object.keys(COUNT).length;

/** Milliseconds by a clock that all threads have and that goes on while the process is stopped; 32 bits of them. */
export function clockMs(): number {
  return Number(BigInt.asIntN(32, process.hrtime.bigint() / 1_000_000n));
}

export type ToBeating = { ask: "keep"; owner: Incarnation } | { ask: "leave"; workerId: string };
export type FromBeating =
  | { say: "ready" }
  | { say: "taken"; workerId: string }
  | { say: "hangs"; forMs: number }
  | { say: "fails"; reason: string };

/**
 * Renews the leases of the lives it is told of, on a connection of its own, while the event loop of the process has
 * turns. Gives what hears of lives.
 */
export function startBeating(options: BeatingOptions, say: (said: FromBeating) => void): (asked: ToBeating) => void {
  const { stallMs } = options;
  const counts = new Int32Array(options.counts);
  const owners = new Map<string, Incarnation>();
  const open = (): Sql =>
    connect({
      url: options.url,
      schema: options.schema,
      applicationName: "soma-worker-heartbeat",
      max: 1,
      statementTimeoutMs: ANSWER_MS,
      // A beat that a crash of the server forgets is one that came too late.
      parameters: { synchronous_commit: "off" },
    });
  let sql = open();
  const standsFor = watchCount();
  let told: string | undefined;

  async function renewAll(): Promise<void> {
    const beganAt = clockMs();
    for (const owner of [...owners.values()]) {
      if (await inTime(renewLease(sql, { owner, leaseMs: LEASE_MS }))) continue;
      if (!owners.delete(owner.workerId)) continue;
      Atomics.add(counts, COUNT.TAKEN, 1);
      say({ say: "taken", workerId: owner.workerId });
    }
    Atomics.store(counts, COUNT.HEARD_AT, beganAt);
    Atomics.add(counts, COUNT.BEATS, 1);
  }

  async function beat(): Promise<void> {
    const forMs = standsFor(Atomics.load(counts, COUNT.TURNS), performance.now());
    if (forMs >= stallMs) return tell({ say: "hangs", forMs });
    try {
      await renewAll();
      told = undefined;
    } catch (error) {
      tell({ say: "fails", reason: error instanceof Error ? error.message : String(error) });
      if (!(error instanceof NoAnswer)) return;
      void sql.end({ timeout: 0 }).catch(() => {});
      sql = open();
    }
  }

  /** Once for each time that it stops. */
  function tell(said: FromBeating): void {
    if (told !== said.say) say(said);
    told = said.say;
  }

  let isBeating = false;
  async function begin(): Promise<void> {
    if (isBeating || owners.size === 0) return;
    isBeating = true;
    await beat();
    isBeating = false;
  }

  setInterval(begin, BEAT_MS);
  say({ say: "ready" });
  return (asked) => {
    if (asked.ask === "keep") owners.set(asked.owner.workerId, asked.owner);
    else owners.delete(asked.workerId);
    void begin();
  };
}

class NoAnswer extends Error {}

/**
 * What was asked of a connection that is silently gone would be waited for until the system gives it up, which takes
 * minutes.
 */
async function inTime<T>(asked: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new NoAnswer(`no answer within ${2 * ANSWER_MS} ms`)), 2 * ANSWER_MS);
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
