import { setTimeout as sleep } from "node:timers/promises";
import type { TenantsConf } from "@soma/conf/tenants";
import { SomaError } from "@soma/shared/errors";
import { newId } from "@soma/shared/ids";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import { gauge } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { type Incarnation as BegunIncarnation, beginIncarnation } from "@soma/shared/postgres/incarnation";
import { LOCK_CLASS } from "@soma/shared/postgres/liveness";
import type { WakeUp } from "@soma/shared/wake-up";
import { WORK_WAITS } from "../../domain/hints.ts";
import { ENGINE_BUILD } from "../../domain/published-events.ts";
import { type ClaimedRun, claimRuns } from "../../store/claim-runs.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { findControlledRuns } from "../../store/find-controlled-runs.ts";
import type { Ownership } from "../../store/find-owned-runs.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { type ChildrenDeps, createChildren } from "../execute/children.ts";
import { type ExecuteRunOptions, executeRun } from "../execute/execute-run.ts";
import type { ConnectedServices } from "../execute/run-context.ts";
import { createRunContext, type RunContext } from "../execute/run-context.ts";
import type { RunLimits } from "../execute/run-limits.ts";
import { recordsOf } from "../execute/run-records.ts";
import { type GraphRegistry, pinOf } from "../graphs/graph-registry.ts";
import { type CommitBatcher, createCommitBatcher } from "../journal/commit-batcher.ts";
import { commitsOf } from "../journal/commits.ts";
import { LEASE_MS } from "./beating.ts";
import { endOnces, type RunningRun } from "./end-onces.ts";
import { giveBack, handBack, settleWorker } from "./give-back.ts";
import type { Heartbeat, KeptLease } from "./heartbeat.ts";
import { findPlaces } from "./places.ts";
import { createReaper, type Look } from "./reaper.ts";

const TICK_MS = 250;
/** Between two looks whether this life was heard. */
const UNSURE_MS = 50;
/** Of one round, at the others: what looks dead at the first of them may be known to be at the second. */
const LOOKS = 2;
/** Rounds of claiming between two looks at what the database says is ours: about a second. */
const RECONCILE_EVERY = 4;
/**
 * How long a life that ends waits for steps that do not hear that they are given up; their writes are refused anyway.
 */
const DEAF_STEPS_MS = 10_000;

const active = gauge("soma_runs_active", "Runs this process executes", []);

export interface IncarnationOptions {
  /**
   * Pools of the worker role: `commits` for the journal alone, `liveness` for the lock, `projects` for steps in the
   * database, `general` for the rest.
   */
  sql: { commits: Sql; liveness: Sql; projects: Sql; general: Sql };
  /** Of this process, for all of its lives. */
  heartbeat: Heartbeat;
  graphs: GraphRegistry;
  services: ConnectedServices;
  wakeUp: WakeUp;
  slots: number;
  /** Whether runs are claimed at the moment; always when left out. It looks after the others all the same. */
  mayClaim?: () => boolean;
  /** How tenants share the places. */
  tenants: TenantsConf;
  /** What one run may take. */
  limits: RunLimits;
  /** Whether a run under the outer role may start one under the inner role. */
  mayDelegate: ChildrenDeps["mayDelegate"];
  log: Log;
  now: () => Date;
  /**
   * Earlier lives of this process that were lost and could not give their runs back: the next life does, before anyone
   * takes the runs over as if their process had died of them.
   */
  owed?: Set<Incarnation>;
}

export interface RunningIncarnation {
  /** Its id in the database. */
  workerId: string;
  /** Resolves when this incarnation lost its lock or was taken over; its runs are another's then. */
  lost: Promise<void>;
  /** Throws UNAVAILABLE, with the reason, while runs do not go on here. */
  check(): Promise<void>;
  /** Stops claiming, lets go of the runs so that others take them at once. */
  close(): Promise<void>;
}

/** One life of a worker: registers, holds its lock, claims and executes runs, looks after the others. */
export async function startIncarnation(options: IncarnationOptions): Promise<RunningIncarnation> {
  const { sql, heartbeat, log, slots, owed = new Set(), mayClaim = () => true } = options;
  for (const earlier of owed) if (await settleWorker({ sql: sql.general, owner: earlier, log })) owed.delete(earlier);
  let gen = 1;
  let lease: KeptLease | undefined;
  const liveness = await beginIncarnation({
    liveness: sql.liveness,
    lockClass: LOCK_CLASS.WORKER,
    async register() {
      const row = await registerWorker(sql.general, {
        workerId: newId(),
        slots,
        build: ENGINE_BUILD,
        leaseMs: LEASE_MS,
      });
      gen = row.gen;
      // Before it has its lock: it is heard from its birth on.
      lease = heartbeat.keep(row);
      return { id: row.workerId, no: row.no };
    },
  }).catch((error: unknown) => {
    lease?.leave();
    throw error;
  });
  const owner = { workerId: liveness.id, no: liveness.no, gen };
  if (lease === undefined) throw new Error("a life began without its lease");
  const batcher = createCommitBatcher({ commits: commitsOf(sql, owner), log });
  const life = new Life({ ...options, owed, mayClaim, owner, liveness, lease, batcher });
  log.info({ worker_id: owner.workerId, slots }, "the worker claims runs");
  return life;
}

type LifeOptions = Required<IncarnationOptions> & {
  owner: Incarnation;
  liveness: BegunIncarnation;
  lease: KeptLease;
  batcher: CommitBatcher;
};

class Life implements RunningIncarnation {
  readonly workerId: string;
  readonly lost: Promise<void>;
  readonly #options: LifeOptions;
  readonly #runs = new Map<string, RunningRun>();
  readonly #loops: Loop[];
  readonly #reaper: { look(): Promise<Look> };
  readonly #unsubscribe: () => void;
  readonly #begunAt = performance.now();
  #over = false;
  #closing = false;
  #rounds = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
    const { log, sql, owner, liveness, lease } = options;
    this.workerId = owner.workerId;
    this.#reaper = createReaper({ sql: sql.general, workerId: owner.workerId, log });
    this.lost = Promise.race([liveness.lost, lease.lost]).then(() => this.#end());
    const loop = (name: string, tick: () => Promise<boolean>, maxBackoffMs = 1_000): Loop =>
      startLoop({ name, intervalMs: TICK_MS, log, maxBackoffMs }, tick);
    const claiming = loop("claim-runs", () => this.#claim(), 2_000);
    // Loops of their own: whoever takes over hears a cancel request while it waits for a lock.
    this.#loops = [claiming, loop("worker-watch", () => this.#watch()), loop("worker-reap", () => this.#reap())];
    this.#unsubscribe = options.wakeUp.on(WORK_WAITS, claiming.wake);
  }

  async #claim(): Promise<boolean> {
    const { sql, owner, slots, mayClaim, graphs, tenants: shares, liveness, heartbeat } = this.#options;
    if (this.#closing || this.#over || !liveness.held()) return false;
    if (!heartbeat.isHeard()) throw new SomaError("UNAVAILABLE", "the lease of this worker cannot be renewed");
    this.#rounds += 1;
    if (this.#rounds % RECONCILE_EVERY === 0) await this.#reconcile();
    const running = [...this.#runs.values()].map(({ context }) => context.run.tenant);
    const places = mayClaim() ? findPlaces({ slots, running, shares }) : undefined;
    if (places === undefined) return false;
    const ageMs = Math.round(performance.now() - this.#begunAt);
    const claimed = await claimRuns(sql.general, { owner, graphs: graphs.pins(), ageMs, ...places });
    for (const run of claimed) this.#start(run);
    return false;
  }

  /**
   * Lets go of what the database says is ours and nobody here executes: a run whose hand-back failed, or whose claim
   * committed although the answer was lost. Never beside a claim, whose runs would look the same.
   */
  async #reconcile(): Promise<void> {
    const { sql, owner, log } = this.#options;
    const released = await giveBack(sql.general, owner, (run) => this.#contextOf(run) !== undefined);
    if (released > 0) log.warn({ runs: released }, "runs that nobody here executed were handed back");
  }

  #start(run: ClaimedRun): void {
    const { log, services, batcher, limits, sql, graphs, mayDelegate, wakeUp, now } = this.#options;
    const runLog = log.child({ run_id: run.runId, tenant: run.tenant });
    const isStillOurs = (): Promise<boolean> => this.#isStillOurs(context);
    const context = createRunContext({ run, services, log: runLog, now, isStillOurs });
    // A rollback took it from us, and it is ours again: what it was doing is not to go on beside it.
    this.#runs.get(run.runId)?.context.lose("it was taken away and claimed anew");
    const done = this.#execute(run, context, {
      batcher,
      limits,
      records: recordsOf(sql.general),
      children: createChildren({ sql: sql.general, graphs, limits, mayDelegate }, context),
      onCommitted: (runId) => wakeUp.changed(runId),
    }).finally(() => {
      // A run that was due again at once may have been claimed before the answer came that it is parked.
      if (this.#isOurs(run.runId, context)) this.#runs.delete(run.runId);
      active.set(this.#runs.size);
      // The session's next run may be waiting for this one.
      wakeUp.changed(WORK_WAITS);
    });
    this.#runs.set(run.runId, { context, done });
    active.set(this.#runs.size);
  }

  /** Waits for a heartbeat when the last one is so long ago that others may have taken this life over since. */
  async #isStillOurs(context: RunContext): Promise<boolean> {
    while (!context.lost() && !this.#options.heartbeat.isSure()) await sleep(UNSURE_MS);
    return !context.lost();
  }

  /** Of an ownership that is executed here: an answer may be of one that is over, and a run of one that came since. */
  #contextOf({ runId, epoch }: Ownership): RunContext | undefined {
    const context = this.#runs.get(runId)?.context;
    return context?.run.epoch === epoch ? context : undefined;
  }

  /** Whether no newer ownership of the run began here. */
  #isOurs(runId: string, context: RunContext): boolean {
    return (this.#runs.get(runId)?.context ?? context) === context;
  }

  async #execute(
    run: ClaimedRun,
    context: RunContext,
    rest: Omit<ExecuteRunOptions, "context" | "graph">,
  ): Promise<void> {
    try {
      const graph = this.#options.graphs.findPinned(pinOf(run));
      if (graph === undefined) throw new SomaError("INTERNAL", `this process has no graph ${pinOf(run)}`);
      await executeRun({ context, graph, ...rest });
    } catch (error) {
      if (context.lost() || !this.#isOurs(run.runId, context)) return;
      context.lose("it could not go on here");
      context.log.error({ err: error }, "a run could not go on here and is handed back");
      const { sql, owner } = this.#options;
      // Should this fail too, the next look at what is ours lets it go.
      await handBack(sql.general, { owner, run, error }).catch((cause: unknown) =>
        context.log.warn({ err: cause }, "a run could not be handed back yet"),
      );
    }
  }

  #end(): void {
    this.#over = true;
    this.#loseAll("the worker lost its lock or lease");
  }

  /** Hears what is asked of its runs. */
  async #watch(): Promise<boolean> {
    const { sql, owner } = this.#options;
    if (this.#runs.size === 0) return false;
    for (const { control, signals, ...run } of await findControlledRuns(sql.general, { workerId: owner.workerId }))
      this.#contextOf(run)?.heed(control, signals);
    return false;
  }

  /** Looks after other workers, and again before the next round where that tells who is dead. */
  async #reap(): Promise<boolean> {
    const { liveness, wakeUp } = this.#options;
    for (let looks = 1; looks <= LOOKS && liveness.held() && !this.#over && !this.#closing; looks += 1) {
      const { freed, againMs } = await this.#reaper.look();
      if (freed > 0) wakeUp.changed(WORK_WAITS);
      if (againMs === undefined) break;
      await sleep(againMs);
    }
    return false;
  }

  #loseAll(why: string): void {
    for (const { context } of this.#runs.values()) context.lose(why);
  }

  async check(): Promise<void> {
    if (this.#over || this.#closing)
      throw new SomaError("UNAVAILABLE", "its life in the database is over, and a new one has not begun");
    for (const loop of this.#loops) await loop.check();
  }

  /** Also of a life that was lost: its process did not die, so its runs are handed back and nobody is blamed. */
  async close(): Promise<void> {
    const { sql, owner, owed, liveness, lease, log } = this.#options;
    this.#closing = true;
    this.#unsubscribe();
    // Before the loops, which may hang on a lock, and after them: a claim on its way may still have brought runs.
    this.#loseAll("the worker stops");
    await Promise.all(this.#loops.map((loop) => loop.close()));
    this.#loseAll("the worker stops");
    const late = sleep(DEAF_STEPS_MS, undefined, { ref: false });
    await endOnces({ sql: sql.general, owner, log, runs: this.#runs, late });
    if (!(await settleWorker({ sql: sql.general, owner, log }))) owed.add(owner);
    lease.leave();
    await Promise.race([Promise.all([...this.#runs.values()].map(({ done }) => done)), late]);
    await liveness.close();
  }
}
