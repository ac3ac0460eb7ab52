import type { HistoryEvent } from "../../domain/history.ts";
import type { Effect, Evidence } from "../evidence.ts";
import type { MemoryStore, StoredRun } from "./memory-store.ts";

/** Sees everything that becomes of runs in a store, and remembers what was said about them. */
export class Witness {
  readonly effects: Effect[] = [];
  readonly #store: MemoryStore;
  readonly #acknowledged = new Map<string, Evidence["acknowledged"]>();
  readonly #takings = new Map<string, Evidence["takings"]>();
  readonly #owners = new Map<string, Evidence["owners"]>();
  readonly #read = new Map<string, HistoryEvent[]>();
  readonly #canceledAt = new Map<string, number>();

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  /** After each thing that happens. */
  look(): void {
    for (const run of this.#store.runs.values()) this.#lookAt(run);
  }

  #lookAt({ runId, epoch, control, owner }: StoredRun): void {
    const history = this.#store.history(runId);
    const entries = history.length;
    const read = this.#read.get(runId) ?? [];
    this.#read.set(runId, read);
    read.push(...structuredClone(history.slice(read.length)));
    const owners = this.#owners.get(runId) ?? [];
    const last = owners.at(-1);
    if (owner !== undefined && (last?.epoch !== epoch || last.worker !== owner.workerId))
      this.#owners.set(runId, [...owners, { epoch, worker: owner.workerId }]);
    const takings = this.#takings.get(runId) ?? [];
    if (epoch > (takings.at(-1)?.epoch ?? 0)) this.#takings.set(runId, [...takings, { epoch, entries }]);
    if ((control & 1) === 1 && !this.#canceledAt.has(runId)) this.#canceledAt.set(runId, entries);
  }

  hearAcknowledged(runId: string, seq: number): void {
    const hash = this.#store.history(runId)[seq - 1]?.hash ?? "";
    this.#acknowledged.set(runId, [...(this.#acknowledged.get(runId) ?? []), { seq, hash }]);
  }

  wasCanceled(runId: string): boolean {
    return this.#canceledAt.has(runId);
  }

  evidenceOf(runId: string): Evidence {
    const rows = this.#store.rows.get(runId) ?? [];
    const written = this.#store.tables.filter((row) => row.runId === runId);
    return {
      history: rows.map(({ event }) => event),
      epochs: rows.map(({ epoch }) => epoch),
      acknowledged: this.#acknowledged.get(runId) ?? [],
      read: this.#read.get(runId) ?? [],
      owners: this.#owners.get(runId) ?? [],
      delivered: undefined,
      takings: this.#takings.get(runId) ?? [],
      canceledAt: this.#canceledAt.get(runId),
      effects: [
        ...this.effects.filter((effect) => effect.runId === runId),
        ...written.map(({ step, text }): Effect => ({ class: "db", runId, step, attempt: 0, key: text })),
      ],
    };
  }
}
