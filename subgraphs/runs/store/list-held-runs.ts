import type { Sql } from "@soma/shared/postgres/connect";
import type { HeldRun } from "./read-held.ts";

/** Runs whose events the bus did not take, without those that wait for a letter to be decided. */
export async function listHeldRuns(sql: Sql): Promise<HeldRun[]> {
  return sql<HeldRun[]>`select run_id as "runId", seq from relay_held where letter is null`;
}
