import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";
import type { RunRow } from "./tables.ts";

/** A run as `runColumns` reads it: its input may refer to big values. */
export type StoredRun = RunRow & MayReferRow;

/** A run's columns under the names `RunRow` has, for a select. */
export function runColumns(tx: Tx) {
  return tx`run_id as "runId", tenant, session_id as "sessionId", graph, graph_version as "graphVersion", graph_hash as "graphHash",
    role, model_profile as "modelProfile", input, started_by as "startedBy", priority, status, control, recoveries, idem_key as "idemKey",
    idem_digest as "idemDigest", trace_parent as "traceParent", request_id as "requestId", created_at as "createdAt", started_at as "startedAt",
    finished_at as "finishedAt", parent_run_id as "parentRunId", root_run_id as "rootRunId",
    forked_from_run_id as "forkedFromRunId", forked_from_seq as "forkedFromSeq", erased_at as "erasedAt",
    ${bigOf(tx, { tenant: "tenant", stored: "input" })}`;
}

/** Runs with their inputs as they were given. */
export function toRuns(sql: Sql, rows: readonly StoredRun[]): Promise<RunRow[]> {
  return withWhole(sql, { rows, field: "input", nameOf: ({ runId }) => `the input of run ${runId}` });
}
