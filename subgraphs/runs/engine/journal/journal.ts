import type { JsonObject } from "@soma/schemas/json";
import { payloadText } from "@soma/schemas/run-chain";
import type { EventKind, RunHistory } from "@soma/schemas/run-history";
import { toSomaError } from "@soma/shared/errors";
import { toStorableJson } from "@soma/shared/json";
import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredText } from "../../domain/big-values.ts";
import { chain } from "../../domain/chain.ts";
import { checkPublished } from "../../domain/check-published.ts";
import { RUN_STATUS } from "../../domain/run-status.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import type { BatchRow, RunWait } from "../../store/commit-batch.ts";
import { type CommitBatcher, sizeOf } from "./commit-batcher.ts";

/** What is to be written: a kind with its own payload, and the step it is about. */
export type Entry = { [K in EventKind]: { kind: K; payload: RunHistory[K]; step?: EntryStep } }[EventKind];

/** Left out for events of the run itself. */
export interface EntryStep {
  number: number;
  node: string;
  nodeType: string;
  attempt: number;
}

/** Status a run has with an event of this kind; other kinds leave it running, or park it. */
const STATUS_WITH: Partial<Record<EventKind, number>> = {
  RUN_SUCCEEDED: RUN_STATUS.SUCCEEDED.code,
  RUN_FAILED: RUN_STATUS.FAILED.code,
  RUN_CANCELED: RUN_STATUS.CANCELED.code,
  RUN_PAUSED: RUN_STATUS.PAUSED.code,
};

/** Appends to the history of one run. Entries leave in the order they are given. */
export interface Journal {
  /** Does not wait: what follows may start before the entry is durable. A failure shows at the next `barrier()`. */
  write(entry: Entry): void;
  /** Writes the last entry of this ownership: with it the run is nobody's until what it waits for is there. */
  park(entry: Entry, wait: RunWait): void;
  /** So much is on its way that who writes more has to wait. */
  isFull(): boolean;
  /**
   * Writes the entry that `work` gives in one transaction with what that does: both are durable when it returns, or
   * neither is and it throws.
   */
  together(work: (tx: Tx) => Promise<Entry>): Promise<void>;
  /**
   * Waits until everything written, by whichever branch, is durable. Before every effect, and before anything is shown
   * as final.
   */
  barrier(): Promise<void>;
}

const MAX_PENDING = 512;
const MAX_PENDING_BYTES = 4 * 1_024 * 1_024;

export interface JournalOptions {
  run: ClaimedRun;
  head: { seq: number; hash: string };
  batcher: CommitBatcher;
  now: () => Date;
  /** Called with each durable event, and with the control bits that came back with it. */
  onCommitted(seq: number, control: number): void;
  /** Called when an entry was refused because the run is another's now. */
  onFenced(): void;
}

export function createJournal(options: JournalOptions): Journal {
  const { run, batcher } = options;
  let { head } = options;
  let failure: unknown;
  const pending = new Set<Promise<void>>();
  /**
   * Hashes of what this ownership sends with an entry: no later one is written unless that one is, so it is sent once.
   */
  const sent = new Set<string>();
  let bytes = 0;
  /** While an entry is committed that may come to nothing, what branches beside it write waits. */
  let alone: { entries: [Entry, RunWait | undefined][]; over: Promise<void> } | undefined;

  function append(entry: Entry, wait?: RunWait): void {
    if (alone !== undefined) return void alone.entries.push([entry, wait]);
    if (failure !== undefined) return;
    const row = toRow(options, head, entry, wait);
    const { event } = row;
    head = event;
    const values = row.values.filter(({ hash }) => !sent.has(hash));
    for (const { hash } of values) sent.add(hash);
    const sending = { ...row, values };
    const size = sizeOf(sending);
    const durable = batcher.append(sending).then(
      (control) => options.onCommitted(event.seq, control),
      (error: unknown) => {
        failure ??= error;
        if (toSomaError(error).code === "FENCED") options.onFenced();
      },
    );
    pending.add(durable);
    bytes += size;
    void durable.then(() => {
      pending.delete(durable);
      bytes -= size;
    });
  }

  /**
   * What its writer believes to be written; one that cannot be ends the ownership, and its writer hears of it next
   * time.
   */
  function appendHeld(entry: Entry, wait: RunWait | undefined): void {
    try {
      append(entry, wait);
    } catch (error) {
      failure ??= error;
    }
  }

  async function barrier(): Promise<void> {
    while (alone !== undefined) await alone.over;
    await Promise.all(pending);
    if (failure !== undefined) throw failure;
  }

  async function together(work: (tx: Tx) => Promise<Entry>): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const entries: [Entry, RunWait | undefined][] = [];
    let row: BatchRow | undefined;
    try {
      const control = await batcher.together(run.tenant, async (tx) => {
        const entry = await work(tx);
        while (alone !== undefined || pending.size > 0) await barrier();
        if (failure !== undefined) throw failure;
        row = toRow(options, head, entry);
        alone = { entries, over };
        return row;
      });
      if (row !== undefined) head = row.event;
      options.onCommitted(head.seq, control);
    } catch (error) {
      if (toSomaError(error).code === "FENCED") failure ??= error;
      throw error;
    } finally {
      if (row !== undefined) alone = undefined;
      for (const [entry, wait] of entries) appendHeld(entry, wait);
      resolve();
    }
  }

  return {
    write: (entry) => append(entry),
    park: append,
    isFull: () => pending.size >= MAX_PENDING || bytes >= MAX_PENDING_BYTES,
    together,
    barrier,
  };
}

/** The row of an entry, chained to the one before it. */
function toRow({ run, now }: JournalOptions, head: JournalOptions["head"], entry: Entry, wait?: RunWait): BatchRow {
  const { number: step = 0, node = null, nodeType = null, attempt = 0 } = entry.step ?? {};
  const payload = toStorableJson(entry.payload) as JsonObject;
  // Written once: what is hashed and counted is the same text, and stored when it is small.
  const whole = payloadText(payload);
  const place = { runId: run.runId, seq: head.seq + 1, at: now() };
  const event = chain(head.hash, { ...place, kind: entry.kind, step, node, nodeType, attempt, payload }, whole);
  checkPublished(run, event);
  const { text, values } = toStoredText(payload, whole);
  const status = STATUS_WITH[entry.kind] ?? (wait === undefined ? null : statusOf(wait));
  const own = values.map((value) => ({ ...value, tenant: run.tenant }));
  return { event, text, values: own, epoch: run.epoch, status, wait };
}

function statusOf({ isAsking }: RunWait): number {
  return isAsking === true ? RUN_STATUS.WAITING_APPROVAL.code : RUN_STATUS.PARKED.code;
}
