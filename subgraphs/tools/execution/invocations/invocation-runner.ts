import { setTimeout as delay } from "node:timers/promises";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import { gauge } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { createSlots, type Slots } from "@soma/shared/slots";
import type { WakeUp } from "@soma/shared/wake-up";
import type { SandboxLevel } from "../../domain/sandbox-level.ts";
import { findCancelRequests } from "../../store/find-cancel-requests.ts";
import type { Attempt } from "../../store/lock-attempt.ts";
import { createExecutors } from "../sandboxes/executors.ts";
import { createGuard, type Guard } from "../sandboxes/guard.ts";
import type { Sandboxes } from "../sandboxes/open-sandboxes.ts";
import type { ExecutorLife } from "./executor-life.ts";
import { type RunAttemptDeps, runAttempt, type Stops, type Work } from "./run-attempt.ts";
import { settleEach } from "./settle-each.ts";
import { settleLostInvocation } from "./settle-lost-invocation.ts";

const WATCH_MS = 250;
/** How long running tools may go on while the process stops. */
const DRAIN_MS = 3_000;

const active = gauge("soma_tools_running", "Tools that run in this process", []);

export interface RunnerOptions {
  /** Pool of the request role for what belongs to a tenant, of the worker role for the watch. */
  sql: { request: Sql; worker: Sql };
  life: Pick<ExecutorLife, "id">;
  wakeUp: WakeUp;
  dataDir: string;
  concurrency: number;
  sandboxes: Sandboxes;
  log: Log;
}

interface Running {
  attempt: Attempt;
  stops: Stops;
  done: Promise<unknown>;
}

type Claim = Pick<Attempt, "tenant" | "invocationId">;

/** Runs the attempts that were claimed for this process, and ends each of them in the database. */
export class InvocationRunner {
  readonly slots: Slots;
  /** The least level of tools of medium and high risk that run in a child. */
  readonly floor: SandboxLevel;
  /** Throws while cancel requests of other processes are not heard. */
  readonly check: Loop["check"];
  readonly #options: RunnerOptions;
  readonly #deps: RunAttemptDeps;
  readonly #running = new Set<Running>();
  readonly #claims = new Set<Claim & { over: Promise<unknown> }>();
  readonly #watch: Loop;
  readonly #guard: Guard;
  #closing = false;

  constructor(options: RunnerOptions) {
    const { sql, wakeUp, dataDir, log } = options;
    this.#options = options;
    this.slots = createSlots(options.concurrency);
    this.#guard = createGuard(log);
    this.floor = options.sandboxes.floor;
    const executors = createExecutors(this.#guard, options.sandboxes);
    this.#deps = { sql: sql.request, executors, wakeUp, dataDir, log };
    this.#watch = startLoop({ name: "tools-watch", intervalMs: WATCH_MS, log, maxBackoffMs: 1_000 }, () =>
      this.#look(),
    );
    this.check = this.#watch.check;
  }

  /** The id a claim is made under; undefined until a lost lock was made good. Throws UNAVAILABLE when this process stops. */
  executorId(): string | undefined {
    if (this.#closing)
      throw new SomaError("UNAVAILABLE", "this tools process stops and starts nothing any more; ask again");
    return this.#options.life.id();
  }

  /** Claims and runs an invocation: while it lasts, what the database says of it is being seen to here. */
  async claiming<T>(claim: Claim, work: () => Promise<T>): Promise<T> {
    const working = work();
    const mine = { ...claim, over: working.catch(() => {}) };
    this.#claims.add(mine);
    try {
      return await working;
    } finally {
      this.#claims.delete(mine);
    }
  }

  /** Whether an invocation is ours by the database alone: its claim was committed, and the answer was lost. */
  isStray({ tenant, invocationId, executorId }: Pick<Attempt, "tenant" | "invocationId" | "executorId">): boolean {
    const isIt = (other: Claim): boolean => other.tenant === tenant && other.invocationId === invocationId;
    const isHere = [...this.#claims].some(isIt) || [...this.#running].some(({ attempt }) => isIt(attempt));
    return !isHere && executorId === this.#options.life.id();
  }

  /** Runs a claimed attempt to its end, whether or not its caller still waits; why, when it was given back. Never throws. */
  run(attempt: Attempt, work: Work): Promise<string | undefined> {
    const stops = { cancel: new AbortController(), give: new AbortController() };
    const done = runAttempt(this.#deps, attempt, work, stops).finally(() => {
      this.#running.delete(running);
      active.set(this.#running.size);
      this.#options.wakeUp.changed(attempt.invocationId);
    });
    const running = { attempt, stops, done };
    this.#running.add(running);
    active.set(this.#running.size);
    return done;
  }

  /** Stops an invocation that runs here. */
  cancel(tenant: string, invocationId: string): void {
    for (const { attempt, stops } of this.#running)
      if (attempt.invocationId === invocationId && attempt.tenant === tenant) stops.cancel.abort();
  }

  /**
   * Lets running tools end for a moment, gives the others up so that they go on elsewhere or are known to be lost. What cannot
   * be settled now, such as without the database, is left to the sweeps: no tool goes on because of it.
   */
  async close(): Promise<void> {
    this.#closing = true;
    // A claim on its way is among them: it would run what nobody here sees to any more.
    await within(DRAIN_MS, Promise.all([...this.#claims].map(({ over }) => over)));
    await this.#watch.close();
    const left = [...this.#running];
    for (const { stops } of left) stops.give.abort();
    await Promise.all(left.map(({ done }) => done));
    const { wakeUp, log } = this.#options;
    await settleEach(
      left.map(({ attempt }) => attempt),
      {
        settle: (attempt) => settleLostInvocation(this.#deps.sql, attempt),
        what: "an invocation is given up, because its process stops",
        wakeUp,
        log,
      },
    );
    await this.#guard.close();
  }

  /** Gives up what was claimed in a life that is over, and hears cancel requests of other processes. */
  async #look(): Promise<boolean> {
    const id = this.#options.life.id();
    for (const { attempt, stops } of this.#running) if (attempt.executorId !== id) stops.give.abort();
    if (id === undefined || this.#running.size === 0) return false;
    const requests = await findCancelRequests(this.#options.sql.worker, { executorId: id });
    for (const { tenant, invocationId } of requests) this.cancel(tenant, invocationId);
    return false;
  }
}

/** Waits for the work, but no longer than the limit. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, delay(limitMs, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}
