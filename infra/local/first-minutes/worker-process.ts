import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerProcess } from "@soma/runs/kill-worker";
import type { HeldRun } from "@soma/runs/worker-death";
import { backoffMs } from "@soma/shared/backoff";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";

/** What the worker process tells, twice a second. */
export interface WorkerSays {
  ready: boolean;
  /** Of its present life. */
  workerId: string;
}

export interface KeptWorker extends WorkerProcess {
  /** Starts it, and again whenever it has ended, until this is closed. */
  start(): void;
  close(): Promise<void>;
}

interface KeepOptions {
  launch(): ChildProcess;
  /** What a worker has in hand, as the database says. */
  findRuns(workerId: string): Promise<readonly HeldRun[]>;
  log: Log;
}

/** One that says nothing for so long does not count as ready: the product does its work. */
const SILENT_MS = 2_000;
const AGAIN = { initialMs: 250, maxMs: 30_000, minMs: 100 };
/** Longer than a worker takes to hand its runs back. */
const CLOSE_MS = 22_000;
/** Keys of kills that are remembered. */
const KILLS_KNOWN = 1_000;

/** Keeps a worker process running; while it is ready, whoever asks `isReady()` may stand by. */
export function keepWorker(options: KeepOptions): KeptWorker {
  return new Keeper(options);
}

class Keeper implements KeptWorker {
  readonly #options: KeepOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #child: ChildProcess | undefined;
  #said: (WorkerSays & { at: number }) | undefined;
  #deaths = 0;
  #lastDeath: { at: Date; held: readonly HeldRun[] } | undefined;
  /** Kills by their keys, the newest last. */
  readonly #kills = new Map<string, Promise<void>>();
  /** Resolves when the process that runs has died and its runs are known. */
  #buried = Promise.withResolvers<void>();

  constructor(options: KeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#keep();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const wasReady = await this.#live();
      failures = wasReady ? 1 : failures + 1;
      await sleep(backoffMs(AGAIN, failures), undefined, { signal }).catch(() => {});
    }
  }

  /** One process, from its start to its end; whether it was ever ready. */
  async #live(): Promise<boolean> {
    const { log } = this.#options;
    const child = this.#launch();
    if (child === undefined) return false;
    this.#child = child;
    let wasReady = false;
    child.on("message", (said: WorkerSays) => {
      wasReady ||= said.ready;
      if (this.#child === child) this.#said = { ...said, at: performance.now() };
    });
    const how = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
    });
    const at = new Date();
    const said = this.#said;
    this.#child = undefined;
    this.#said = undefined;
    if (this.#stop.signal.aborted) return true;
    log.warn({ how, wasReady }, "the worker process has ended and is started again");
    if (wasReady && said !== undefined) await this.#bury(at, said.workerId);
    return wasReady;
  }

  /** Undefined when the machine has no room for a process: the product goes on without it. */
  #launch(): ChildProcess | undefined {
    const { launch, log } = this.#options;
    try {
      return launch();
    } catch (error) {
      log.warn({ err: error }, "the worker process could not be started, and is tried again");
      return undefined;
    }
  }

  async #bury(at: Date, workerId: string): Promise<void> {
    const held = await this.#findHeld(workerId);
    this.#deaths += 1;
    // Of what is not known nothing is told.
    this.#lastDeath = held && { at, held };
    this.#buried.resolve();
    this.#buried = Promise.withResolvers();
  }

  /** Looks once: a moment later its runs may be another worker's, and it seems to have had none. */
  async #findHeld(workerId: string): Promise<readonly HeldRun[] | undefined> {
    const { findRuns, log } = this.#options;
    try {
      return await findRuns(workerId);
    } catch (error) {
      log.warn({ err: error }, "what a worker process had in hand is not known");
      return undefined;
    }
  }

  isReady(): boolean {
    return this.#said?.ready === true && performance.now() - this.#said.at < SILENT_MS;
  }

  async runs(): Promise<readonly HeldRun[]> {
    return this.#said === undefined ? [] : this.#options.findRuns(this.#said.workerId);
  }

  deaths(): number {
    return this.#deaths;
  }

  lastDeath() {
    return this.#lastDeath;
  }

  async kill(key: string): Promise<void> {
    const before = this.#kills.get(key);
    if (before !== undefined) return before;
    const done = this.#kill();
    this.#kills.set(key, done);
    const [oldest = key] = this.#kills.keys();
    if (this.#kills.size > KILLS_KNOWN) this.#kills.delete(oldest);
    // One that did not come about is tried again under its key.
    return done.catch((error: unknown) => {
      this.#kills.delete(key);
      throw error;
    });
  }

  async #kill(): Promise<void> {
    if (this.#child === undefined || !this.isReady())
      throw new SomaError(
        "UNAVAILABLE",
        "the worker process is not ready yet, and cannot be killed twice; try again soon",
      );
    const buried = this.#buried.promise;
    this.#child.kill("SIGKILL");
    await buried;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const child = this.#child;
    if (child !== undefined) await end(child);
    await this.#running;
    const { promise, reject } = this.#buried;
    promise.catch(() => {});
    reject(new SomaError("UNAVAILABLE", "the product stops, and what became of the runs is not known"));
  }
}

/** Lets it hand its runs back; one that does not end is killed. */
async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
  await gone.finally(() => clearTimeout(late));
}
