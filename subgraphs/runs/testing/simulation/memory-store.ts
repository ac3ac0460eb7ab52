import type { Json, JsonObject } from "@soma/schemas/json";
import type { SignalPayload } from "@soma/schemas/run-history";
import type { AnyGraph } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import { firstEvent } from "../../domain/first-event.ts";
import type { HistoryEvent } from "../../domain/history.ts";
import { isFinished, RUN_STATUS, toRunStatus } from "../../domain/run-status.ts";
import { ANY_SIGNAL } from "../../domain/signal-input.ts";
import { childName } from "../../domain/wait-names.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { BatchRow, Incarnation } from "../../store/commit-batch.ts";
import type { Ownership } from "../../store/find-owned-runs.ts";

const { READY, RUNNING, PARKED, WAITING_APPROVAL, PAUSED } = RUN_STATUS;
const WAITS: readonly number[] = [PARKED.code, WAITING_APPROVAL.code];
const STANDS: readonly number[] = [...WAITS, PAUSED.code];

export interface StoredRun extends ClaimedRun {
  status: number;
  owner: Incarnation | undefined;
  availableAt: number;
  waitsFor: string | null;
  cancelReason: string;
  /** The call of its parent's step that started it. */
  parentCall: string | null;
  signals: SignalPayload[];
}

export interface StoredRow {
  event: HistoryEvent;
  epoch: number;
}

export type StartedChild = { control: number } & ({ runId: string } | { refused: "FENCED" | "CANCELED" });

/** What the journal's key refuses. */
class DuplicateRow extends Error {
  readonly code = "23505";
}

export interface MemoryStoreOptions {
  now(): number;
  /** False leaves the fence out, to show that it is missed. */
  fence?: boolean;
}

/**
 * Runs, their histories and their signals as the database keeps them, each verb one transaction. What it has in common
 * with the database is what store.contract.ts says; shares of tenants, rollbacks and retention are not here.
 */
export class MemoryStore {
  readonly runs = new Map<string, StoredRun>();
  readonly rows = new Map<string, StoredRow[]>();
  /** What steps in the database wrote, each statement with its values. */
  readonly tables: { runId: string; step: number; text: string }[] = [];
  readonly #dead = new Set<string>();
  readonly #now: () => number;
  readonly #fence: boolean;
  #workers = 0;

  constructor({ now, fence = true }: MemoryStoreOptions) {
    this.#now = now;
    this.#fence = fence;
  }

  start(graph: AnyGraph, params: { input?: JsonObject; deadline: Date; parent?: StoredRun; call?: string }): StoredRun {
    const { input = { text: "" }, deadline, parent, call = null } = params;
    const createdAt = new Date(this.#now());
    const run: StoredRun = {
      ...{ runId: newId("Run", createdAt.getTime()), tenant: "acme", sessionId: newId("Session"), input, deadline },
      ...{ graph: graph.name, graphVersion: graph.version, graphHash: graph.hash, role: "assistant" },
      ...{ modelProfile: "scripted", startedBy: "anna", epoch: 0, branch: 0, recoveries: 0, fruitless: 0, control: 0 },
      ...{
        toldByRow: true,
        traceParent: "",
        requestId: "",
        createdAt,
        startedAt: createdAt,
        parentRunId: parent?.runId ?? null,
      },
      ...{ status: READY.code, owner: undefined, availableAt: createdAt.getTime(), waitsFor: null, cancelReason: "" },
      ...{ parentCall: call, signals: [] },
    };
    this.runs.set(run.runId, run);
    this.rows.set(run.runId, [{ event: firstEvent(run), epoch: 0 }]);
    return run;
  }

  register(): Incarnation {
    this.#workers += 1;
    return { workerId: newId(), gen: 1, no: this.#workers };
  }

  claim(owner: Incarnation): ClaimedRun[] {
    if (this.#dead.has(owner.workerId)) return [];
    const due = [...this.runs.values()].filter((run) => this.isDue(run));
    for (const run of due) {
      Object.assign(run, { status: RUNNING.code, owner, epoch: run.epoch + 1 });
    }
    return due.map((run) => ({ ...run }));
  }

  isDue({ status, availableAt }: StoredRun): boolean {
    return (status === READY.code || STANDS.includes(status)) && availableAt <= this.#now();
  }

  /** All rows of runs that are still the owner's as one; the answer holds those runs with their control bits. */
  commit(owner: Incarnation, rows: readonly BatchRow[]): Map<string, number> {
    const own = rows.filter((row) => this.#isOwners(owner, row));
    for (const { event } of own)
      if (this.#history(event.runId).some((row) => row.event.seq === event.seq))
        throw new DuplicateRow(`run ${event.runId} has an entry ${event.seq} already`);
    const answer = new Map(own.map(({ event: { runId } }) => [runId, this.get(runId).control]));
    for (const { event, epoch } of own) this.#history(event.runId).push({ event, epoch });
    for (const row of own) if (row.status !== null && row.status >= PARKED.code) this.#leave(row, row.status);
    return answer;
  }

  find(rows: readonly BatchRow[]): Map<BatchRow, number> {
    const isThere = ({ event }: BatchRow): boolean =>
      this.#history(event.runId).some((row) => row.event.seq === event.seq && row.event.hash === event.hash);
    return new Map(rows.filter(isThere).map((row) => [row, this.get(row.event.runId).control]));
  }

  history(runId: string): HistoryEvent[] {
    return this.#history(runId).map(({ event }) => event);
  }

  findSignal(params: { runId: string; name: string; heard: readonly number[] }) {
    const { signals } = this.get(params.runId);
    const isNew = ({ no, name }: SignalPayload): boolean => name === params.name && !params.heard.includes(no);
    return { seen: signals.length, signal: signals.find(isNew) };
  }

  signal(params: { runId: string; name: string; payload: Json; sentBy: string }): SignalPayload {
    const { runId, ...sent } = params;
    const run = this.get(runId);
    const signal = { no: run.signals.length + 1, ...sent };
    run.signals.push(signal);
    if (WAITS.includes(run.status) && (run.waitsFor === sent.name || run.waitsFor === ANY_SIGNAL))
      run.availableAt = this.#now();
    return signal;
  }

  /** Decides a question, unless it is decided; gives the decision there is. */
  decide(params: { runId: string; name: string; payload: Json; sentBy: string }): SignalPayload {
    return this.findSignal({ ...params, heard: [] }).signal ?? this.signal(params);
  }

  cancel(runId: string, reason: string): void {
    const run = this.get(runId);
    if (isFinished(run.status) || (run.control & 1) === 1) return;
    Object.assign(run, { control: run.control | 1, cancelReason: reason });
    if (STANDS.includes(run.status)) run.availableAt = this.#now();
    for (const child of this.#children(run)) this.cancel(child.runId, reason);
  }

  pause(runId: string, pause: boolean): void {
    const run = this.get(runId);
    if (isFinished(run.status) || ((run.control & 2) === 2) === pause) return;
    run.control ^= 2;
    if (pause ? WAITS.includes(run.status) : run.status === PAUSED.code) run.availableAt = this.#now();
  }

  release(owner: Incarnation, runs: readonly Ownership[]): number {
    const isMeant = ({ runId, epoch }: StoredRun): boolean =>
      runs.some((run) => run.runId === runId && run.epoch === epoch);
    return this.#free(owner, isMeant, 0);
  }

  takeOver(owner: Incarnation): number {
    this.#dead.add(owner.workerId);
    return this.#free(owner, () => true, 1);
  }

  isTakenOver({ workerId }: Incarnation): boolean {
    return this.#dead.has(workerId);
  }

  owned({ workerId }: Incarnation): StoredRun[] {
    return [...this.runs.values()].filter((run) => run.status === RUNNING.code && run.owner?.workerId === workerId);
  }

  /**
   * The run that a call of a step started, begun when there is none; its id is left out when none may be begun, and
   * why.
   */
  startChild(claimed: ClaimedRun, child: { call: string; graph: AnyGraph; input: JsonObject }): StartedChild {
    const parent = this.get(claimed.runId);
    const { control } = parent;
    const known = this.#children(parent).find(({ parentCall }) => parentCall === child.call);
    if (known !== undefined) return { runId: known.runId, control };
    if (parent.status !== RUNNING.code || parent.epoch !== claimed.epoch) return { refused: "FENCED", control };
    if ((control & 1) === 1) return { refused: "CANCELED", control };
    const { runId } = this.start(child.graph, { ...child, deadline: claimed.deadline, parent });
    return { runId, control };
  }

  get(runId: string): StoredRun {
    const run = this.runs.get(runId);
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    return run;
  }

  #history(runId: string): StoredRow[] {
    return this.rows.get(runId) ?? [];
  }

  #children({ runId }: StoredRun): StoredRun[] {
    return [...this.runs.values()].filter(({ parentRunId }) => parentRunId === runId);
  }

  #isOwners(owner: Incarnation, { event, epoch }: BatchRow): boolean {
    if (!this.#fence) return true;
    const run = this.get(event.runId);
    const isAlive = !this.#dead.has(owner.workerId);
    return isAlive && run.epoch === epoch && run.owner?.workerId === owner.workerId && run.status === RUNNING.code;
  }

  #free(owner: Incarnation, isMeant: (run: StoredRun) => boolean, recoveries: number): number {
    const freed = this.owned(owner).filter(isMeant);
    for (const run of freed) {
      const availableAt = this.#now();
      Object.assign(run, { status: READY.code, owner: undefined, epoch: run.epoch + 1, availableAt });
      run.recoveries += recoveries;
    }
    return freed.length;
  }

  #leave({ event, wait }: BatchRow, status: number): void {
    const run = this.get(event.runId);
    const { ms = null, signal = null } = wait ?? {};
    Object.assign(run, { status, owner: undefined, waitsFor: signal?.name ?? null });
    const isAsked = (run.control & 1) === 1 || ((run.control & 2) === 2) !== (status === PAUSED.code);
    const hasMore = signal !== null && signal.seen !== run.signals.length;
    run.availableAt = this.#now() + (isAsked || hasMore ? 0 : (ms ?? Number.POSITIVE_INFINITY));
    if (isFinished(status)) this.#end(run, event);
  }

  /** Its parent is told, and what it started is to stop. */
  #end(run: StoredRun, last: HistoryEvent): void {
    const parent = run.parentRunId === null ? undefined : this.get(run.parentRunId);
    const payload = { runId: run.runId, status: toRunStatus(run.status), ...last.payload };
    const name = childName(run.runId);
    if (parent !== undefined && !isFinished(parent.status))
      this.decide({ runId: parent.runId, name, payload, sentBy: `run:${run.runId}` });
    for (const child of this.#children(run)) this.cancel(child.runId, "the run that started it has ended");
  }
}
