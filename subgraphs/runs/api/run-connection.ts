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
import type { Loaders } from "./loaders.ts";

export const RUNS_PAGE = { default: 50, max: 200 };

const MAX_TEXT = 200;

/** The page of runs that Relay's arguments ask for; a cursor is a run's id. */
function parseRunPage(args: PageArgs) {
  return parsePage(args, RUNS_PAGE, (cursor) => (typeOfId(cursor) === "Run" ? cursor : undefined));
}

/** A page of a session's runs, newest first; those of all sessions of a request are read together. */
export async function sessionRunConnection(loader: Loaders["runsOfSession"], sessionId: string, args: PageArgs) {
  const page = parseRunPage(args);
  return toConnection(await loader.load({ owner: sessionId, page }), page, (run) => run.runId);
}

/** A page of runs, newest first. */
export async function runConnection(sql: Sql, context: RequestContext, args: PageArgs, filter: RunFilter) {
  const { tenant } = context.principal;
  const page = parseRunPage(args);
  const { sessionId } = filter;
  if (sessionId !== undefined && sessionId !== null && !isId(sessionId))
    throw new SomaError("BAD_INPUT", `session id "${sessionId.slice(0, 80)}" is not a UUID`);
  checkStorable("filter.graph", filter.graph ?? "");
  const text = filter.text?.trim() ?? "";
  checkStorable("filter.text", text);
  if (text.length > MAX_TEXT)
    throw new SomaError("BAD_INPUT", `filter.text has ${text.length} characters; at most ${MAX_TEXT}`);
  const since = filter.createdAfter ?? undefined;
  const params = {
    tenant,
    statusCodes: filter.status?.flatMap((status: RunStatusGraphql) => codesOf(status)),
    sessionId: sessionId ?? undefined,
    graph: filter.graph ?? undefined,
    olderThan: page.after,
    newerThan: newest(page.before, since === undefined ? undefined : beforeInstant(since)),
    text: text === "" ? undefined : text,
    oldestFirst: page.backward,
    limit: page.limit + 1,
  };
  const rows = await transaction(sql, { tenant }, (tx) => listRuns(tx, params));
  return toConnection(rows, page, (run) => run.runId);
}

/** The lowest id that a run of this instant can have: ids begin with the time of their making. */
function beforeInstant(instant: string): string {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms) || ms < 0)
    throw new SomaError("BAD_INPUT", `filter.createdAfter "${instant.slice(0, 80)}" is not an instant`);
  const hex = ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function newest(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a > b ? a : b;
}
