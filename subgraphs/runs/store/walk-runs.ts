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
  const { tenant, statusCodes, sessionId, graph, olderThan, newerThan, oldestFirst, limit } = params;
  const order = oldestFirst ? tx`asc nulls first` : tx`desc nulls last`;
  const page = tx`select ${runColumns(tx)}, branch from run where tenant = ${tenant}
    ${olderThan === undefined ? tx`` : tx`and run_id < ${olderThan}`}
    ${newerThan === undefined ? tx`` : tx`and run_id > ${newerThan}`}`;
  if (params.recovered === true) return tx`${page} and recoveries > 0 order by run_id ${order} limit ${limit}`;
  if (statusCodes === undefined && sessionId === undefined && graph === undefined)
    return tx`${page} order by run_id ${oldestFirst ? tx`asc` : tx`desc`} limit ${limit}`;
  const some = tx`${page} ${sessionId === undefined ? tx`` : tx`and session_id = ${sessionId}`}
    ${graph === undefined ? tx`` : tx`and graph = ${graph}`} and ${isStatus(tx, params)}`;
  return tx`select r.* from unnest(${[...new Set(statusCodes ?? STATUS_CODES)]}::smallint[]) as asked (code)
    cross join lateral (${some} order by run_id ${order} limit ${limit}) r
    order by r."runId" ${order} limit ${limit}`;
}

function isStatus(tx: Tx, { sessionId, graph }: ListRunsParams) {
  if (sessionId === undefined && graph === undefined) return tx`status = asked.code`;
  if (sessionId === undefined || graph === undefined) return tx`status::int = asked.code::int`;
  return tx`status::bigint = asked.code::bigint`;
}
