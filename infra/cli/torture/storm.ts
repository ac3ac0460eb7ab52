import { setTimeout as pause } from "node:timers/promises";
import { SomaRequestError } from "@soma/graphql/client";
import { DecideApprovalDocument, RunsDocument, StartRunDocument, WaitingRunsDocument } from "@soma/graphql/operations";
import type { PlannedRun } from "./plan.ts";
import type { TorturedProduct } from "./product.ts";

/** Runs under way at once, and starts. */
const AT_ONCE = 64;
const STARTERS = 8;
const PAGE = 200;
const LOOK_MS = 150;
const PAUSE_MS = 100;
const LIMIT_MS = 10_000;
/** How long nothing at all may happen before what has not ended is given up. */
export const STILL_MS = 180_000;

interface Progress {
  started: number;
  ended: number;
}

export interface StormOptions {
  runs: readonly PlannedRun[];
  /** What a person finds out who is asked whether an order was paid. */
  isPaid(order: string): boolean;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/**
 * Starts every run, each under its key until the product says that it has begun, and waits until all have ended; whoever is
 * asked on the way answers by what the ledger says. Gives the runs that were acknowledged, by order.
 */
export async function runAll(product: TorturedProduct, options: StormOptions): Promise<Map<string, string>> {
  const { runs, signal, onProgress } = options;
  const acknowledged = new Map<string, string>();
  /** The order of each run that may still be under way. */
  const open = new Map<string, string>();
  const waiting = [...runs];
  let still = performance.now();

  const note = (): void => {
    still = performance.now();
    onProgress({ started: acknowledged.size, ended: acknowledged.size - open.size });
  };
  const isOver = (): boolean => signal.aborted || performance.now() - still > STILL_MS;

  async function starter(): Promise<void> {
    for (let run = waiting.shift(); run !== undefined && !isOver(); run = waiting.shift()) {
      while (open.size >= AT_ONCE && !isOver()) await pause(LOOK_MS / 3);
      const id = await untilAnswered(() => start(product, run), isOver);
      if (id === undefined) return;
      acknowledged.set(run.order, id);
      open.set(id, run.order);
      note();
    }
  }

  async function watcher(starting: () => boolean): Promise<void> {
    while ((starting() || open.size > 0) && !isOver()) {
      await pause(LOOK_MS);
      const before = [...open.keys()];
      const left = await untilAnswered(() => listUnfinished(product), isOver);
      if (left === undefined) return;
      for (const id of before) if (!left.has(id) && open.delete(id)) note();
      if ([...left.values()].includes("WAITING_APPROVAL"))
        await untilAnswered(() => answerAll(product, { open, isPaid: options.isPaid }), isOver);
    }
  }

  let starting = true;
  const starters = Promise.all(Array.from({ length: STARTERS }, starter)).finally(() => (starting = false));
  await Promise.all([starters, watcher(() => starting)]);
  return acknowledged;
}

/** Asks until there is an answer; undefined when it is over before. What can never be answered is thrown. */
export async function untilAnswered<T>(ask: () => Promise<T>, isOver: () => boolean): Promise<T | undefined> {
  while (!isOver()) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SomaRequestError) || !error.retryable) throw error;
      await pause(PAUSE_MS);
    }
  }
  return undefined;
}

async function start({ client }: TorturedProduct, { order, effect, fault }: PlannedRun): Promise<string> {
  const input = { graph: effect.agent, input: { order, fault }, idempotencyKey: order };
  const { startRun } = await client.request(StartRunDocument, { input }, { timeoutMs: LIMIT_MS });
  return startRun.run.id;
}

/** Every run that has not ended, by its id. */
async function listUnfinished({ client }: TorturedProduct): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const filter = { status: ["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED"] as const };
  for (let after: string | null | undefined; ; ) {
    const asked = { filter: { status: [...filter.status] }, first: PAGE, ...(after == null ? {} : { after }) };
    const { runs } = await client.request(RunsDocument, asked, { timeoutMs: LIMIT_MS });
    for (const { id, status } of runs.nodes) found.set(id, status);
    if (!runs.pageInfo.hasNextPage) return found;
    after = runs.pageInfo.endCursor;
  }
}

/** Answers what runs ask, as somebody does who can look into the ledger. */
async function answerAll(
  { client }: TorturedProduct,
  { open, isPaid }: { open: ReadonlyMap<string, string>; isPaid(order: string): boolean },
): Promise<void> {
  const { runs } = await client.request(WaitingRunsDocument, { first: PAGE }, { timeoutMs: LIMIT_MS });
  for (const { id, pendingApprovals } of runs.nodes) {
    const order = open.get(id);
    if (order === undefined) continue;
    for (const { id: approvalId } of pendingApprovals) {
      const input = { approvalId, approve: isPaid(order), comment: "by the ledger", idempotencyKey: approvalId };
      await client.request(DecideApprovalDocument, { input }, { timeoutMs: LIMIT_MS });
    }
  }
}
