import type { AnyGraph } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { readSettings } from "@soma/shared/config";
import { SomaError } from "@soma/shared/errors";
import { createSilentLog } from "@soma/shared/log";
import type { Children } from "../../engine/execute/children.ts";
import { executeRun } from "../../engine/execute/execute-run.ts";
import { createRunContext, type RunContext } from "../../engine/execute/run-context.ts";
import { runLimitSettings } from "../../engine/execute/run-limits.ts";
import { type CommitBatcher, createCommitBatcher } from "../../engine/journal/commit-batcher.ts";
import type { Commits } from "../../engine/journal/commits.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { Incarnation } from "../../store/commit-batch.ts";
import { type Asker, type Gate, transactionLost } from "./gate.ts";
import { memoryPorts } from "./memory-ports.ts";
import type { MemoryStore, StoredRun } from "./memory-store.ts";

/** Where a worker lives. */
export interface WorkerWorld {
  store: MemoryStore;
  gate: Gate;
  now(): number;
  graphOf(name: string): AnyGraph;
  /** How workers commit. */
  commitsBy(commits: Commits): Commits;
  /** Told what its process was told. */
  acknowledged(runId: string, seq: number): void;
}

const limits = readSettings(runLimitSettings, {});
const log = createSilentLog();
const services = () => ({}) as StepServices;

/**
 * One life of a worker, with the executing code of the product; what engine/worker/ does around it is chosen by the
 * simulation.
 */
export class SimulatedWorker implements Asker {
  readonly owner: Incarnation;
  readonly #world: WorkerWorld;
  readonly #ports: ReturnType<typeof memoryPorts>;
  readonly #batcher: CommitBatcher;
  readonly #runs = new Map<string, RunContext>();
  #state: "lives" | "frozen" | "dead" = "lives";
  /** It knows that its life is over. */
  #isOver = false;

  constructor(world: WorkerWorld) {
    this.#world = world;
    this.owner = world.store.register();
    this.#ports = memoryPorts(world.store, this.owner, (act, translate) =>
      world.gate.ask(this, "store", act, translate),
    );
    this.#batcher = createCommitBatcher({ commits: world.commitsBy(this.#ports), log });
  }

  isDead(): boolean {
    return this.#state === "dead";
  }
  isFrozen(): boolean {
    return this.#state === "frozen";
  }
  claims(): boolean {
    return this.#state === "lives" && !this.#isOver;
  }

  crash(): void {
    this.#state = "dead";
    this.end();
  }
  freeze(): void {
    if (this.#state === "lives") this.#state = "frozen";
  }
  wake(): void {
    if (this.#state === "frozen") this.#state = "lives";
  }
  /** It hears that others have its runs, or it is told to stop. */
  end(): void {
    this.#isOver = true;
    for (const context of this.#runs.values()) context.lose("the worker stops");
  }

  /** What it has got, and begins to execute. */
  claim(): ClaimedRun[] {
    const claimed = this.#world.store.claim(this.owner);
    for (const run of claimed) this.#start(run);
    return claimed;
  }

  /** Runs that it has by the store, and executes no more or never did. */
  strays(): StoredRun[] {
    const isHere = ({ runId, epoch }: StoredRun): boolean => this.#runs.get(runId)?.run.epoch === epoch;
    return this.#world.store.owned(this.owner).filter((run) => !isHere(run));
  }

  /** Runs of which somebody asked something that it has not heard of. */
  unheard(): RunContext[] {
    return [...this.#runs.values()].filter((context) => {
      const { control, signals } = this.#world.store.get(context.run.runId);
      const isNew = (control & 1) === 1 ? !context.canceled() : ((control & 2) === 2) !== context.pausing();
      return isNew || signals.length > context.signals();
    });
  }

  /** Hears what is asked of its runs, as often as it is told. */
  hear(contexts: Iterable<RunContext> = this.#runs.values()): void {
    for (const context of contexts) {
      const { control, signals } = this.#world.store.get(context.run.runId);
      context.heed(control, signals.length);
    }
  }

  #start(run: ClaimedRun): void {
    const { store, graphOf, acknowledged, now } = this.#world;
    const isStillOurs = async (): Promise<boolean> => !store.isTakenOver(this.owner);
    const context = createRunContext({ run, services, log, now: () => new Date(now()), isStillOurs });
    this.#runs.get(run.runId)?.lose("it was taken away and claimed anew");
    this.#runs.set(run.runId, context);
    const executing = executeRun({
      ...{ context, graph: graphOf(run.graph), limits, batcher: this.#batcher, records: this.#ports },
      children: this.#childrenOf(context),
      onCommitted: (runId, seq) => acknowledged(runId, seq),
    });
    const isOurs = (): boolean => this.#runs.get(run.runId) === context;
    void executing
      .catch(() => {
        if (context.lost() || !isOurs()) return;
        context.lose("it could not go on here");
        return this.#world.gate.ask(this, "outside", () => store.release(this.owner, [run]));
      })
      .finally(() => isOurs() && this.#runs.delete(run.runId))
      // Whoever dies gives nothing back.
      .catch(() => {});
  }

  #childrenOf(context: RunContext): Children {
    const { store, gate, graphOf } = this.#world;
    return {
      start: async ({ graph, input }, { step, call }) => {
        const child = { call: `${step}.${call}`, graph: graphOf(graph), input };
        const started = await gate.ask(this, "store", () => store.startChild(context.run, child), transactionLost);
        context.heed(started.control);
        if ("runId" in started) return started.runId;
        throw new SomaError(started.refused, `run ${context.run.runId} starts no other`);
      },
    };
  }
}
