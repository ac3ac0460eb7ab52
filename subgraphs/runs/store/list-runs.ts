import type { Tx } from "@soma/shared/postgres/connect";
import { type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";
import { trialsOf } from "./try-runs.ts";
import { type ListRunsParams, orderOf, walkRuns } from "./walk-runs.ts";

/**
 * What no index tells is tried on so many runs and no more. An index over texts would be asked by an operator that is not
 * leakproof, which row level security keeps from it; how a run went is what its history says, and a rollback changes that.
 */
export const SEARCHED_RUNS = 5_000;

/** Runs, newest first unless asked otherwise: their ids sort by time. */
export async function listRuns(tx: Tx, params: ListRunsParams): Promise<RunRow[]> {
  return toRuns(tx, await listStored(tx, params));
}

function listStored(tx: Tx, params: ListRunsParams): PromiseLike<StoredRun[]> {
  const trials = trialsOf(tx, params);
  if (trials.length === 0) return tx<StoredRun[]>`${walkRuns(tx, params)}`;
  return tx<StoredRun[]>`select s.* from (${walkRuns(tx, { ...params, limit: SEARCHED_RUNS })}) s
    where ${trials} order by s."runId" ${orderOf(tx, params)} limit ${params.limit}`;
}

/** The last run that a search tries; undefined where nothing is tried, and where the list ends with it or before. */
export async function findSearchEnd(
  tx: Tx,
  params: ListRunsParams,
): Promise<Pick<RunRow, "runId" | "createdAt"> | undefined> {
  if (trialsOf(tx, params).length === 0) return undefined;
  const [last, next] = await tx<Pick<RunRow, "runId" | "createdAt">[]>`
    select s."runId", s."createdAt" from (${walkRuns(tx, { ...params, limit: SEARCHED_RUNS + 1 })}) s
     order by s."runId" ${orderOf(tx, params)} limit 2 offset ${SEARCHED_RUNS - 1}`;
  return next === undefined ? undefined : last;
}
