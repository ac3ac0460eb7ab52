import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredJson, toStoredPayload } from "../domain/big-values.ts";
import { checkPublished } from "../domain/check-published.ts";
import { type BegunRun, firstEvent } from "../domain/first-event.ts";
import { runColumns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

export interface NewRun extends BegunRun {
  tenant: string;
  /** Made with the run; else it has to exist. */
  sessionIsNew: boolean;
  graphVersion: number;
  graphHash: string;
  startedBy: string;
  /** Of what waits of a tenant, the lowest goes first. */
  priority: number;
  deadline: Date;
  idemKey: string;
  idemDigest: string;
  traceParent: string;
  /** Of the request that starts it; empty when none does. */
  requestId: string;
}

export type BegunRow = Omit<RunRow, "input">;

/**
 * Makes runs, each with its first event, as one statement that is a transaction by itself. Gives the run of each
 * tenant's key, made here or known before, in no order, each without its input, which whoever starts it has; none for
 * one whose session does not exist. See 0060-starts-in-sets.sql.
 */
export function beginRuns(tx: Tx, { runs }: { runs: readonly NewRun[] }): Promise<BegunRow[]> {
  return tx<BegunRow[]>`select ${runColumns(tx)} from begin_runs(${JSON.stringify(runs.map(toRow))}::text::jsonb)`;
}

/** What the run and its first event both tell stands in the payload of the event. */
function toRow(run: NewRun): object {
  const { graph, input, role, modelProfile, ...rest } = run;
  const event = firstEvent(run);
  checkPublished({ ...run, startedAt: null, parentRunId: null }, event);
  const { payload, payloadHash, hash } = event;
  const [stored, start] = [toStoredPayload(payload), toStoredJson(input)];
  const kept = [...stored.values, ...start.values].map((value) => ({ hash: value.hash, value: value.text }));
  const big = kept.length === 0 ? {} : { input: start.json, kept };
  return { ...rest, ...big, payload: stored.json, payloadHash, hash };
}
