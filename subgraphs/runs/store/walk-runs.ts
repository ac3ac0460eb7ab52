import type { Tx } from "@soma/shared/postgres/connect";
import type { RunOutcomeKind } from "../domain/run-outcome.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { runColumns } from "./run-columns.ts";

export interface ListRunsParams {
  tenant: string;
  statusCodes?: readonly number[] | undefined;
  sessionId?: string | undefined;
  graph?: string | undefined;
  /** Only those that were taken over from a lost worker at least once, or never. */
  recovered?: boolean | undefined;
  /** How they went; none of those that go on. */
  outcomes?: readonly RunOutcomeKind[] | undefined;
  role?: string | undefined;
  /** What the input says, among others. */
  text?: string | undefined;
  /** Only runs older than this one, and only runs newer than that one. */
  olderThan?: string | undefined;
  newerThan?: string | undefined;
  /** From the oldest on instead of from the newest. */
  oldestFirst: boolean;
  limit: number;
}

const STATUS_CODES = Object.values(RUN_STATUS).map(({ code }) => code);

/**
 * Runs as an index leads to them. Those that were recovered are few and have an index of their own, along which all else is
 * tried. Filtered otherwise, they are the first of each status, since no index is in the order of the list across statuses:
 * a page reads so many short walks, and never what does not fit. Order and type of the status are those of the one index of
 * the list (0011-lists-in-order.sql, 0062-recovered-runs.sql).
 */
export function walkRuns(tx: Tx, params: ListRunsParams) {
  const { tenant, statusCodes, sessionId, graph, olderThan, newerThan, limit } = params;
  const order = orderOf(tx, params);
  const page = tx`select ${runColumns(tx)}, branch from run where tenant = ${tenant}
    ${olderThan === undefined ? tx`` : tx`and run_id < ${olderThan}`}
    ${newerThan === undefined ? tx`` : tx`and run_id > ${newerThan}`}`;
  if (params.recovered === true) return tx`${page} and recoveries > 0 order by run_id ${order} limit ${limit}`;
  if (isOfAll(params)) return tx`${page} order by run_id ${order} limit ${limit}`;
  const some = tx`${page} ${sessionId === undefined ? tx`` : tx`and session_id = ${sessionId}`}
    ${graph === undefined ? tx`` : tx`and graph = ${graph}`} and ${isStatus(tx, params)}`;
  return tx`select r.* from ${askedStatuses(tx, statusCodes ?? STATUS_CODES)} as asked (code)
    cross join lateral (${some} order by run_id ${order} limit ${limit}) r
    order by r."runId" ${order} limit ${limit}`;
}

/** What follows the id that runs are ordered by: who asks for another order than the walk has makes Postgres sort all of it first. */
export function orderOf(tx: Tx, params: ListRunsParams) {
  if (params.recovered !== true && isOfAll(params)) return params.oldestFirst ? tx`asc` : tx`desc`;
  return params.oldestFirst ? tx`asc nulls first` : tx`desc nulls last`;
}

function isOfAll({ statusCodes, sessionId, graph }: ListRunsParams): boolean {
  return statusCodes === undefined && sessionId === undefined && graph === undefined;
}

/** One status is no list to Postgres: its walk is in order by itself, and a search along it ends where its page is full. */
function askedStatuses(tx: Tx, statusCodes: readonly number[]) {
  const codes = [...new Set(statusCodes)];
  const [only] = codes;
  if (codes.length === 1 && only !== undefined) return tx`(select ${only}::smallint)`;
  return tx`unnest(${codes}::smallint[])`;
}

function isStatus(tx: Tx, { sessionId, graph }: ListRunsParams) {
  if (sessionId === undefined && graph === undefined) return tx`status = asked.code`;
  if (sessionId === undefined || graph === undefined) return tx`status::int = asked.code::int`;
  return tx`status::bigint = asked.code::bigint`;
}
