import type { SignalPayload } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { HistoryEvent } from "../../domain/history.ts";
import type { ClaimedRun } from "../../store/claim-runs.ts";
import { expireQuestion } from "../../store/expire-question.ts";
import { findEvent } from "../../store/find-event.ts";
import { findSignal } from "../../store/find-signal.ts";
import { readCancelReason } from "../../store/read-cancel-reason.ts";
import { readInput } from "../../store/read-input.ts";
import { readEvents } from "./read-events.ts";

/**
 * What is read of a run while it is executed. The simulation has another one, in memory; both pass
 * testing/simulation/store.contract.ts.
 */
export interface RunRecords {
  /** The run with its input as it was given, which may be kept apart. */
  readInput(run: ClaimedRun): Promise<ClaimedRun>;
  readEvents(run: ClaimedRun): Promise<HistoryEvent[]>;
  /** One event, of whichever run; undefined when it is not there any more. */
  findEvent(place: { runId: string; seq: number }): Promise<HistoryEvent | undefined>;
  findSignal(params: { runId: string; name: string; heard: readonly number[] }): Promise<{
    seen: number;
    signal: SignalPayload | undefined;
  }>;
  /** Decides a question by its time, unless somebody has decided it. */
  expireQuestion(params: { runId: string; tenant: string; name: string }): Promise<SignalPayload>;
  readCancelReason(params: { runId: string }): Promise<string>;
}

/** Those of the database, by a pool of the worker role. */
export function recordsOf(sql: Sql): RunRecords {
  return {
    readInput: (run) => readInput(sql, run),
    readEvents: (run) => readEvents(sql, run),
    findEvent: (place) => findEvent(sql, place),
    findSignal: (params) => findSignal(sql, params),
    expireQuestion: (params) => transaction(sql, {}, (tx) => expireQuestion(tx, params)),
    readCancelReason: (params) => readCancelReason(sql, params),
  };
}
