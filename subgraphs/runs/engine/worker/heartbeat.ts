import { Worker } from "node:worker_threads";
import { integer } from "@soma/shared/config";
import type { Log } from "@soma/shared/log";
import { SILENT_MS } from "../../domain/judge-workers.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { type BeatingOptions, COUNT, COUNTS, clockMs, type FromBeating, type ToBeating } from "./beating.ts";
import { wasHeard } from "./was-heard.ts";

const TURN_MS = 250;
/** A second and a half, counted in turns of this process: one that is frozen or starved has not been silent. */
const SILENT_TURNS = 6;
/** Until a thread that ended is started again. */
const RESTART_MS = 500;

export const heartbeatSettings = {
  stallMs: integer({
    env: "SOMA_WORKER_STALL_MS",
    doc: "milliseconds without a turn of its event loop after which a worker is said to hang, and others take its runs over",
    default: 30_000,
    min: 1_000,
    max: 3_600_000,
  }),
};

/** Says for lives of this process that they live, also while its event loop is busy; one thread for all of them. */
export interface Heartbeat {
  /** Renews the lease of a life from now on. */
  keep(owner: Incarnation): KeptLease;
  /** How often it was heard so far. */
  beats(): number;
  /** While nobody hears that this process lives, it takes on nothing: others may believe it dead. */
  isHeard(): boolean;
  /**
   * Whether nobody can have taken over a life of this process that does not know of it: also right after the process
   * was stopped and woken, when nothing else has had a turn.
   */
  isSure(): boolean;
  close(): Promise<void>;
}

export interface KeptLease {
  /** Resolves when another worker took the life over. */
  lost: Promise<void>;
  /** Lets the lease run out. */
  leave(): void;
}

export type HeartbeatOptions = Omit<BeatingOptions, "counts"> & { log: Log };

/** Starts the thread and waits until it listens. */
export async function startHeartbeat({ log, ...options }: HeartbeatOptions): Promise<Heartbeat> {
  const heartbeat = new ThreadedHeartbeat(options, log);
  await heartbeat.ready;
  return heartbeat;
}

class ThreadedHeartbeat implements Heartbeat {
  readonly ready: Promise<void>;
  readonly #options: BeatingOptions;
  readonly #log: Log;
  readonly #counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT));
  readonly #kept = new Map<string, { owner: Incarnation; lost: () => void }>();
  readonly #turning: NodeJS.Timeout;
  #declareReady: () => void = () => {};
  #thread: Worker;
  #closing = false;
  /** Take-overs that this thread was told of. */
  #taken = 0;
  #heard = { beats: 0, turnsAgo: 0 };

  constructor(options: Omit<BeatingOptions, "counts">, log: Log) {
    this.#options = { ...options, counts: this.#counts.buffer };
    this.#log = log;
    this.ready = new Promise((resolve) => {
      this.#declareReady = resolve;
    });
    this.#turning = setInterval(() => this.#turn(), TURN_MS);
    this.#thread = this.#start();
  }

  #turn(): void {
    Atomics.add(this.#counts, COUNT.TURNS, 1);
    const beats = this.beats();
    const isNew = beats !== this.#heard.beats || this.#kept.size === 0;
    this.#heard = { beats, turnsAgo: isNew ? 0 : this.#heard.turnsAgo + 1 };
  }

  #start(): Worker {
    const file = new URL("./heartbeat-thread.ts", import.meta.url);
    const thread = new Worker(file, { workerData: this.#options, name: "heartbeat" });
    thread.on("message", (said: FromBeating) => this.#hear(said));
    thread.on("error", (error) => this.#log.error({ err: error }, "the thread of the heartbeat failed"));
    thread.once("exit", () => this.#startAgain());
    for (const { owner } of this.#kept.values()) this.#ask({ ask: "keep", owner }, thread);
    return thread;
  }

  #startAgain(): void {
    if (this.#closing) return;
    this.#log.error("the thread of the heartbeat ended and is started again");
    setTimeout(() => {
      if (!this.#closing) this.#thread = this.#start();
    }, RESTART_MS);
  }

  #ask(asked: ToBeating, thread = this.#thread): void {
    thread.postMessage(asked);
  }

  #hear(said: FromBeating): void {
    if (said.say === "ready") this.#declareReady();
    if (said.say === "taken") {
      this.#kept.get(said.workerId)?.lost();
      this.#taken += 1;
    }
    if (said.say === "hangs")
      this.#log.error({ forMs: Math.round(said.forMs) }, "the event loop hung, and its lease was not renewed");
    if (said.say === "fails") this.#log.warn({ reason: said.reason }, "a lease cannot be renewed yet");
  }

  keep(owner: Incarnation): KeptLease {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#kept.set(owner.workerId, { owner, lost: resolve });
    this.#ask({ ask: "keep", owner });
    return {
      lost: promise,
      leave: () => {
        if (this.#kept.delete(owner.workerId)) this.#ask({ ask: "leave", workerId: owner.workerId });
      },
    };
  }

  beats(): number {
    return Atomics.load(this.#counts, COUNT.BEATS);
  }

  isHeard(): boolean {
    return this.#heard.turnsAgo < SILENT_TURNS;
  }

  isSure(): boolean {
    // In this order: when it was heard is written before it is counted.
    const beats = this.beats();
    const heard = { beats, heardAt: Atomics.load(this.#counts, COUNT.HEARD_AT), now: clockMs() };
    return wasHeard(heard, SILENT_MS) && Atomics.load(this.#counts, COUNT.TAKEN) === this.#taken;
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#turning);
    await this.#thread.terminate();
  }
}
