import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import { isId, typeOfId } from "@soma/shared/ids";
import { checkStorable } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { codesOf, type RunStatusGraphql } from "../domain/run-status.ts";
import { listRuns } from "../store/list-runs.ts";
import type { RunFilter } from "./generated.ts";

export const RUNS_PAGE = { default: 50, max: 200 };

/** A page of runs, newest first. */
export async function runConnection(sql: Sql, context: RequestContext, args: PageArgs, filter: RunFilter) {
  const { tenant } = context.principal;
  const page = parsePage(args, RUNS_PAGE, (cursor) => (typeOfId(cursor) === "Run" ? cursor : undefined));
  const { sessionId } = filter;
  if (sessionId !== undefined && sessionId !== null && !isId(sessionId))
    throw new SomaError("BAD_INPUT", `session id "${sessionId.slice(0, 80)}" is not a UUID`);
  checkStorable("filter.graph", filter.graph ?? "");
  const params = {
    tenant,
    statusCodes: filter.status?.flatMap((status: RunStatusGraphql) => codesOf(status)),
    sessionId: sessionId ?? undefined,
    graph: filter.graph ?? undefined,
    olderThan: page.after,
    newerThan: page.before,
    oldestFirst: page.backward,
    limit: page.limit + 1,
  };
  const rows = await transaction(sql, { tenant }, (tx) => listRuns(tx, params));
  return toConnection(rows, page, (run) => run.runId);
}
