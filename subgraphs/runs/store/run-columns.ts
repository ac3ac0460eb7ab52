import type { Tx } from "@soma/shared/postgres/connect";

/** A run's columns under the names `RunRow` has, for a select. */
export function runColumns(tx: Tx) {
  return tx`run_id as "runId", tenant, session_id as "sessionId", graph, graph_version as "graphVersion", graph_hash as "graphHash",
    role, model_profile as "modelProfile", input, started_by as "startedBy", status, control, recoveries, idem_key as "idemKey",
    idem_digest as "idemDigest", trace_parent as "traceParent", created_at as "createdAt", started_at as "startedAt",
    finished_at as "finishedAt", parent_run_id as "parentRunId", root_run_id as "rootRunId",
    forked_from_run_id as "forkedFromRunId", forked_from_seq as "forkedFromSeq", erased_at as "erasedAt"`;
}
