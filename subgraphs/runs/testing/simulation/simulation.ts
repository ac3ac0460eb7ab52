import type { AnyGraph } from "@soma/sdk/graph";
import type { StepContext } from "@soma/sdk/node";
import { isFinished } from "../../domain/run-status.ts";
import type { Commits } from "../../engine/journal/commits.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { Effect } from "../evidence.ts";
import { Gate } from "./gate.ts";
import { MemoryStore, type StoredRun } from "./memory-store.ts";
import { dutiesOf, send } from "./people.ts";
import { SimulatedWorker } from "./simulated-worker.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { Witness } from "./witness.ts";

export const FAULTS = [
  "ANSWER_LOST",
  "REFUSED",
  "CRASH",
  "FREEZE",
  "STOP",
  "HINT",
  "SIGNAL",
  "CANCEL",
  "PAUSE",
] as const;

/** What goes wrong, or is asked for, at one step of the schedule; `which` of the workers or runs, counted round. */
export interface Fault {
  kind: (typeof FAULTS)[number];
  at: number;
  which: number;
}

export interface SimulationOptions {
  clock: VirtualClock;
  /** Which of so many things is next. */
  choose(among: number): number;
  faults: readonly Fault[];
  /** False leaves the fence of the store out. */
  fence: boolean;
  /** How workers commit. */
  commitsBy(commits: Commits): Commits;
}

const WORKERS = 2;
/** Whoever waits longer waits for something that does not come. */
const LONGEST_WAIT_MS = 3_600_000;
const DEADLINE_MS = 24 * LONGEST_WAIT_MS;
const MAX_STEPS = 5_000;

/** Workers on a store in memory, in one process, where what happens next is chosen each time from all that can. */
export class Simulation {
  readonly store: MemoryStore;
  readonly witness: Witness;
  readonly #gate = new Gate();
  readonly #options: SimulationOptions;
  readonly #graphs = new Map<string, AnyGraph>();
  /** By run and epoch. */
  readonly #owners = new Map<string, SimulatedWorker>();
  readonly #workers: SimulatedWorker[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.store = new MemoryStore({ now: () => options.clock.now(), fence: options.fence });
    this.witness = new Witness(this.store);
  }

  add(graph: AnyGraph): void {
    this.#graphs.set(graph.name, graph);
  }

  start(graph: AnyGraph): StoredRun {
    return this.store.start(graph, { deadline: new Date(this.#options.clock.now() + DEADLINE_MS) });
  }

  /** Something done outside in a step; a process that is dead neither does it nor hears that it was done. */
  perform({ run, stepNumber: step, attempt }: StepContext, effect: Pick<Effect, "class" | "key">): Promise<void> {
    const { runId, epoch } = run as ClaimedRun;
    const worker = this.#owners.get(`${runId}/${epoch}`);
    if (worker === undefined || worker.isDead()) return new Promise(() => {});
    const isOwner = this.store.get(runId).epoch === epoch;
    const durable = this.store.history(runId).length;
    this.witness.effects.push({ ...effect, runId, step, attempt, durable, isOwner });
    return this.#gate.ask(worker, "outside", () => {});
  }

  wasDone(key: string): boolean {
    return this.witness.effects.some((effect) => effect.key === key);
  }

  /** Until all runs have ended and nothing is on its way; why it did not come to that, when it did not. */
  async run(): Promise<string[]> {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      for (const fault of this.#options.faults) if (fault.at === step) this.#strike(fault);
      const next = this.#choices();
      if (next.length === 0) return this.#open().map(({ runId }) => `nothing goes on, and run ${runId} has not ended`);
      next[this.#options.choose(next.length)]?.();
      this.witness.look();
      await settle();
    }
    return [`it did not end within ${MAX_STEPS} steps`];
  }

  #open(): StoredRun[] {
    return [...this.store.runs.values()].filter(({ status }) => !isFinished(status));
  }

  /** All that can happen next: first what is on its way, last that time passes. */
  #choices(): (() => void)[] {
    const { store } = this;
    const alive = this.#alive();
    return [
      ...Array.from({ length: this.#gate.count() }, (_, index) => () => this.#gate.step(index)),
      ...alive.filter((worker) => worker.unheard().length > 0).map((worker) => () => worker.hear(worker.unheard())),
      ...dutiesOf(store, (key) => this.wasDone(key)),
      ...this.#workers.flatMap((worker) => this.#endings(worker)),
      ...alive
        .filter((worker) => worker.strays().length > 0)
        .map((worker) => () => store.release(worker.owner, worker.strays())),
      ...([...store.runs.values()].some((run) => store.isDue(run))
        ? alive.map((worker) => () => this.#claim(worker))
        : []),
      ...this.#timePasses(),
    ];
  }

  /** As many as there are to be, with new ones for those that are gone. */
  #alive(): SimulatedWorker[] {
    const alive = this.#workers.filter((worker) => worker.claims());
    while (alive.length < WORKERS) {
      const worker = new SimulatedWorker({
        store: this.store,
        gate: this.#gate,
        now: () => this.#options.clock.now(),
        commitsBy: this.#options.commitsBy,
        graphOf: (name) => this.#graphs.get(name) as AnyGraph,
        acknowledged: (runId, seq) => this.witness.hearAcknowledged(runId, seq),
      });
      this.#workers.push(worker);
      alive.push(worker);
    }
    return alive;
  }

  #claim(worker: SimulatedWorker): void {
    for (const { runId, epoch } of worker.claim()) this.#owners.set(`${runId}/${epoch}`, worker);
  }

  /** Who is silent is taken over; who was frozen wakes, and hears of it later. */
  #endings(worker: SimulatedWorker): (() => void)[] {
    const { store } = this;
    const isSilent = worker.isDead() || worker.isFrozen();
    return [
      ...(isSilent && store.owned(worker.owner).length > 0 ? [() => void store.takeOver(worker.owner)] : []),
      ...(worker.isFrozen() ? [() => worker.wake()] : []),
      ...(worker.claims() && store.isTakenOver(worker.owner) ? [() => worker.end()] : []),
    ];
  }

  #timePasses(): (() => void)[] {
    const { clock } = this.#options;
    const due = this.#open()
      .map(({ availableAt }) => availableAt)
      .filter((at) => at > clock.now());
    const next = Math.min(clock.nextAt() ?? Number.POSITIVE_INFINITY, ...due);
    return next - clock.now() > LONGEST_WAIT_MS ? [] : [() => clock.advance(next)];
  }

  #strike({ kind, which }: Fault): void {
    const alive = this.#alive();
    const runs = [...this.store.runs.values()];
    const worker = alive[which % alive.length];
    const run = runs[which % runs.length];
    if (worker !== undefined && run !== undefined) this.#effectOf(kind, { worker, run })();
  }

  #effectOf(kind: Fault["kind"], { worker, run }: { worker: SimulatedWorker; run: StoredRun }): () => void {
    const { store } = this;
    switch (kind) {
      case "ANSWER_LOST":
      case "REFUSED":
        return () => this.#gate.arm(kind);
      case "CRASH":
        return () => worker.crash();
      case "FREEZE":
        return () => worker.freeze();
      case "STOP":
        return () => {
          worker.end();
          store.release(worker.owner, store.owned(worker.owner));
        };
      case "HINT":
        return () => worker.hear();
      case "SIGNAL":
        return () => send(store, run, "go-g-0");
      case "CANCEL":
        return () => store.cancel(run.runId, "somebody asked for it");
      case "PAUSE":
        return () => store.pause(run.runId, true);
    }
  }
}

/**
 * Whatever the process does by itself until it waits for something again. Batches leave in the turn after that of their
 * rows.
 */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
