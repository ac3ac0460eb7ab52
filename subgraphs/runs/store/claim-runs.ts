import type { JsonObject } from "@soma/schemas/json";
import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

/** A run this worker now owns, under `epoch`. */
export interface ClaimedRun {
  runId: string;
  tenant: string;
  sessionId: string;
  graph: string;
  graphVersion: number;
  graphHash: string;
  role: string;
  modelProfile: string;
  /** As it is stored; `readInput` has it whole. */
  input: JsonObject;
  startedBy: string;
  epoch: number;
  /** Rollbacks so far. */
  branch: number;
  recoveries: number;
  /** Take-overs in a row without a step that ended in between. */
  fruitless: number;
  control: number;
  /** Its history began with the event that this row tells, and nothing else. */
  toldByRow: boolean;
  traceParent: string;
  requestId: string;
  deadline: Date;
  createdAt: Date;
  startedAt: Date;
  /** Run that started it; null when a request did. */
  parentRunId: string | null;
}

/**
 * Shares of tenants by their names; those of all others under an asterisk. Without any, each has weight 1 and no cap.
 */
export type RunShares = Record<string, { weight: number; maxRunning?: number | undefined }>;

/**
 * Claims runs that are due, each tenant in its turn; `graphs` are the pinned graphs this worker has, as
 * name@version#hash. `ageMs` is how long the worker has lived: suspects are for those that have proved themselves; left
 * out, it is long enough.
 */
export async function claimRuns(
  sql: Sql,
  params: { owner: Incarnation; graphs: readonly string[]; slots: number; ageMs?: number; shares?: RunShares },
): Promise<ClaimedRun[]> {
  const { owner, graphs, slots, ageMs = null, shares = {} } = params;
  return sql<ClaimedRun[]>`
    select run_id as "runId", tenant, session_id as "sessionId", graph, graph_version as "graphVersion", graph_hash as "graphHash", role, model_profile as "modelProfile",
      input, started_by as "startedBy", epoch, branch, recoveries, fruitless, control, told_by_row as "toldByRow", trace_parent as "traceParent", request_id as "requestId",
      deadline, created_at as "createdAt", started_at as "startedAt", parent_run_id as "parentRunId"
    from claim_runs(${owner.no}::int, ${owner.workerId}::uuid, ${owner.gen}::int, ${[...graphs]}::text[], ${slots}::int, ${ageMs}::bigint,
      ${sql.json(shares as never)}::jsonb)`;
}
