import { CHAIN_START } from "@soma/schemas/run-chain";
import { SomaError } from "@soma/shared/errors";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import type { LostHints } from "@soma/shared/lost-hints";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import { type HistoryEvent, isRunEnd } from "../domain/history.ts";
import { isFinished, RUN_STATUS, type RunStatusGraphql, toRunStatus } from "../domain/run-status.ts";
import { findRuns } from "../store/find-runs.ts";
import { readEventHash } from "../store/read-event-hash.ts";
import { readHistory } from "../store/read-history.ts";

export interface RunBatchFrame {
  __typename: "RunBatch";
  firstSeq: number;
  lastSeq: number;
  prevHash: string;
  events: HistoryEvent[];
}
interface RunHeartbeatFrame {
  __typename: "RunHeartbeat";
  headSeq: number;
  headHash: string;
  serverTime: string;
}
interface RunEndFrame {
  __typename: "RunEnd";
  status: RunStatusGraphql;
  headSeq: number;
  headHash: string;
}
export type RunFrame = RunBatchFrame | RunHeartbeatFrame | RunEndFrame;

const BATCH_EVENTS = 500;
const BATCH_BYTES = 262_144;
const PAGE_MAX = 1_000;
/**
 * Well within what the gateway takes for an answer: large values are kept once, and told with each event that has them.
 */
const PAGE_BYTES = 4 * 1_024 * 1_024;
const HEARTBEAT_MS = 5_000;
export interface RunEventsDeps {
  /** A pool of the request role. */
  sql: Sql;
  wakeUp: WakeUp;
  /** Finds the hints that were lost. */
  lostHints: LostHints;
  now(): Date;
}

/** One page of history, shorter where its payloads are large; empty at the end. */
export async function readRunPage(
  sql: Sql,
  principal: Principal,
  params: { runId: string; afterSeq: number; limit: number },
): Promise<RunBatchFrame> {
  const { runId, afterSeq, limit } = params;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX)
    throw new SomaError("BAD_INPUT", `limit is ${limit}; it must be 1 to ${PAGE_MAX}`);
  return transaction(sql, { tenant: principal.tenant }, async (tx) => {
    const { hash } = await findStart(tx, runId, afterSeq);
    const events = bounded(await readHistory(tx, { runId, afterSeq, limit }), PAGE_BYTES);
    return {
      __typename: "RunBatch",
      firstSeq: afterSeq + 1,
      lastSeq: afterSeq + events.length,
      prevHash: hash,
      events,
    };
  });
}

/**
 * History after a sequence number, then the live tail, until `signal`. Every frame is read from Postgres after the last
 * one delivered, so there is no moment between "history" and "live" in which an event could be missed; hints say when
 * to read, and a quiet run is not read for those who follow it.
 */
export async function* followRunEvents(
  deps: RunEventsDeps,
  principal: Principal,
  { runId, afterSeq }: { runId: string; afterSeq: number },
  signal: AbortSignal,
): AsyncGenerator<RunFrame> {
  const { tenant } = principal;
  let due = true;
  const offs = [deps.wakeUp.on(runId, () => (due = true))];
  try {
    let last = await transaction(deps.sql, { tenant }, (tx) => findStart(tx, runId, afterSeq));
    // Only a run that there is: what is no id would end the look at all the others.
    offs.push(deps.lostHints.watch(tenant, runId));
    let toldAt = deps.now().getTime();
    while (!signal.aborted) {
      const head = { headSeq: last.seq, headHash: last.hash };
      if (due) {
        due = false;
        const { events, status, isAll } = await readOn(deps.sql, tenant, runId, last.seq);
        const newest = events.at(-1);
        if (newest === undefined && isFinished(status)) {
          yield { __typename: "RunEnd", status: RUN_STATUS[toRunStatus(status)].graphql, ...head };
          return;
        }
        if (newest !== undefined) {
          // What is written from here on is hinted; to read for it at once would be a second look for each frame.
          // Of its end there may be no hint: the status is looked at before the events, and may be older than they are.
          due ||= !isAll || isFinished(status) || isRunEnd(newest);
          yield { __typename: "RunBatch", firstSeq: last.seq + 1, lastSeq: newest.seq, prevHash: last.hash, events };
          last = { seq: newest.seq, hash: newest.hash };
          toldAt = deps.now().getTime();
        }
      } else if (deps.now().getTime() - toldAt >= HEARTBEAT_MS) {
        yield { __typename: "RunHeartbeat", ...head, serverTime: deps.now().toISOString() };
        toldAt = deps.now().getTime();
      } else await deps.wakeUp.next(runId, toldAt + HEARTBEAT_MS - deps.now().getTime(), signal);
    }
  } finally {
    for (const off of offs) off();
  }
}

/**
 * The status first, on the way together: once it says finished, everything that belongs to the run is there to be read.
 */
function readOn(sql: Sql, tenant: string, runId: string, afterSeq: number) {
  return transaction(sql, { tenant }, async (tx) => {
    const [[run], read] = await Promise.all([
      findRuns(tx, { runIds: [runId] }),
      readHistory(tx, { runId, afterSeq, limit: BATCH_EVENTS }),
    ]);
    const events = bounded(read, BATCH_BYTES);
    const isAll = read.length < BATCH_EVENTS && events.length === read.length;
    return { status: run?.status ?? RUN_STATUS.FAILED.code, events, isAll };
  });
}

async function findStart(tx: Tx, runId: string, afterSeq: number): Promise<{ seq: number; hash: string }> {
  const [run] = isId(runId) ? await findRuns(tx, { runIds: [runId] }) : [];
  if (run === undefined) throw new SomaError("NOT_FOUND", `run ${runId.slice(0, 80)} does not exist`);
  if (afterSeq < 0) throw new SomaError("CURSOR_INVALID", `afterSeq is ${afterSeq}; it starts at 0`);
  const hash = afterSeq === 0 ? CHAIN_START : await readEventHash(tx, { runId, seq: afterSeq });
  if (hash === undefined)
    throw new SomaError(
      "CURSOR_INVALID",
      `run ${runId} has no event ${afterSeq} yet; ask again from a number you have seen`,
    );
  return { seq: afterSeq, hash };
}

/** As many events as fit so many bytes, at least one. */
function bounded(events: HistoryEvent[], most: number): HistoryEvent[] {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += JSON.stringify(event.payload).length;
    return index > 0 && bytes > most;
  });
  return end === -1 ? events : events.slice(0, end);
}
