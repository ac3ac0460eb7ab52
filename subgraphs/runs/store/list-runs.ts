import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

export interface ListRunsParams {
  tenant: string;
  statusCodes?: readonly number[] | undefined;
  sessionId?: string | undefined;
  graph?: string | undefined;
  /** What the input says, among others. */
  text?: string | undefined;
  /** Only runs older than this one, and only runs newer than that one. */
  olderThan?: string | undefined;
  newerThan?: string | undefined;
  /** From the oldest on instead of from the newest. */
  oldestFirst: boolean;
  limit: number;
}

/**
 * A text is looked for in so many runs and no more: an index over texts would be asked by an operator that is not
 * leakproof, which row level security keeps from it.
 */
export const SEARCHED_RUNS = 5_000;

const STATUS_CODES = Object.values(RUN_STATUS).map(({ code }) => code);

/**
 * Runs, newest first unless asked otherwise: their ids sort by time. Filtered, they are the first of each status, since
 * no index is in the order of the list across statuses: a page reads so many short walks, and never what does not fit.
 * Order and type of the status are those of the one index of the list (0011-lists-in-order.sql).
 */
export async function listRuns(tx: Tx, params: ListRunsParams): Promise<RunRow[]> {
  return toRuns(tx, await listStored(tx, params));
}

function listStored(tx: Tx, params: ListRunsParams): PromiseLike<StoredRun[]> {
  const { text, oldestFirst, limit } = params;
  if (text === undefined) return tx<StoredRun[]>`${walk(tx, params)}`;
  const searched = walk(tx, { ...params, limit: SEARCHED_RUNS });
  return tx<StoredRun[]>`select s.* from (${searched}) s
    where strpos(lower(coalesce(s.input ->> 'text', s.input::text)), lower(${text})) > 0
    order by s."runId" ${oldestFirst ? tx`asc` : tx`desc`} limit ${limit}`;
}

function walk(tx: Tx, params: ListRunsParams) {
  const { tenant, statusCodes, sessionId, graph, olderThan, newerThan, oldestFirst, limit } = params;
  const page = tx`select ${runColumns(tx)} from run where tenant = ${tenant}
    ${sessionId === undefined ? tx`` : tx`and session_id = ${sessionId}`}
    ${graph === undefined ? tx`` : tx`and graph = ${graph}`}
    ${olderThan === undefined ? tx`` : tx`and run_id < ${olderThan}`}
    ${newerThan === undefined ? tx`` : tx`and run_id > ${newerThan}`}`;
  if (statusCodes === undefined && sessionId === undefined && graph === undefined)
    return tx`${page} order by run_id ${oldestFirst ? tx`asc` : tx`desc`} limit ${limit}`;
  const order = oldestFirst ? tx`asc nulls first` : tx`desc nulls last`;
  return tx`select r.* from unnest(${[...new Set(statusCodes ?? STATUS_CODES)]}::smallint[]) as asked (code)
    cross join lateral (${page} and ${isStatus(tx, params)} order by run_id ${order} limit ${limit}) r
    order by r."runId" ${order} limit ${limit}`;
}

function isStatus(tx: Tx, { sessionId, graph }: ListRunsParams) {
  if (sessionId === undefined && graph === undefined) return tx`status = asked.code`;
  if (sessionId === undefined || graph === undefined) return tx`status::int = asked.code::int`;
  return tx`status::bigint = asked.code::bigint`;
}
