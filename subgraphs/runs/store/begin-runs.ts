import type { Tx } from "@soma/shared/postgres/connect";
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
  deadline: Date;
  idemKey: string;
  idemDigest: string;
  traceParent: string;
}

/**
 * Makes runs, each with its first event, as one statement that is a transaction by itself. Gives the run of each tenant's key, made
 * here or known before, in no order; none for one whose session does not exist. See 0017-begin-runs.sql.
 */
export function beginRuns(tx: Tx, { runs }: { runs: readonly NewRun[] }): Promise<RunRow[]> {
  return tx<RunRow[]>`select ${runColumns(tx)} from begin_runs(${JSON.stringify(runs.map(toRow))}::text::jsonb)`;
}

/** What the run and its first event both tell stands in the payload of the event. */
function toRow(run: NewRun): object {
  const { graph, input, role, modelProfile, ...rest } = run;
  const { payload, payloadHash, hash } = firstEvent(run);
  return { ...rest, payload, payloadHash, hash };
}
