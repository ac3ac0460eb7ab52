import type { JsonObject } from "@soma/schemas/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";

/** A run as it stands: what it is pinned to, and what its nodes may know of it. */
export interface StandingRun {
  runId: string;
  tenant: string;
  sessionId: string;
  graph: string;
  graphVersion: number;
  graphHash: string;
  role: string;
  modelProfile: string;
  input: JsonObject;
  createdAt: Date;
  status: number;
  epoch: number;
  /** Rollbacks so far. */
  branch: number;
}

/** Columns of run `r` under the names that `StandingRun` has, for a select. */
export function standingColumns(tx: Sql) {
  return tx`r.run_id as "runId", r.tenant, r.session_id as "sessionId", r.graph, r.graph_version as "graphVersion", r.graph_hash as "graphHash",
    r.role, r.model_profile as "modelProfile", r.input, r.created_at as "createdAt", r.status, r.epoch, r.branch,
    ${bigOf(tx, { tenant: "r.tenant", stored: "r.input" })}`;
}

/** Standing runs with their inputs as they were given. */
export function toStanding(sql: Sql, rows: readonly (StandingRun & MayReferRow)[]): Promise<StandingRun[]> {
  return withWhole(sql, { rows, field: "input", nameOf: ({ runId }) => `the input of run ${runId}` });
}
