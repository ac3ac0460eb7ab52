import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import { isId, typeOfId } from "@soma/shared/ids";
import { checkStorable } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { codesOfOutcomes } from "../domain/run-outcome.ts";
import { codesOf } from "../domain/run-status.ts";
import { findSearchEnd, listRuns, SEARCHED_RUNS } from "../store/list-runs.ts";
import type { ListRunsParams } from "../store/walk-runs.ts";
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
  const rows = await loader.load({ owner: sessionId, page });
  return { ...toConnection(rows, page, (run) => run.runId), searchedTo: null };
}

/** A page of runs, newest first, and where a search ended before it was full. */
export async function runConnection(sql: Sql, context: RequestContext, args: PageArgs, filter: RunFilter) {
  const { tenant } = context.principal;
  const page = parseRunPage(args);
  const asked = parseFilter(filter);
  const params: ListRunsParams = {
    ...{ ...asked, tenant, olderThan: page.after, oldestFirst: page.backward, limit: page.limit + 1 },
    newerThan: newest(page.before, asked.newerThan),
  };
  const [rows, end] = await transaction(sql, { tenant }, async (tx) => {
    const found = await listRuns(tx, params);
    return [found, found.length < params.limit ? await findSearchEnd(tx, params) : undefined] as const;
  });
  const searchedTo =
    end === undefined ? null : { cursor: end.runId, createdAt: end.createdAt.toISOString(), runs: SEARCHED_RUNS };
  return { ...toConnection(rows, page, (run) => run.runId), searchedTo };
}

function parseFilter(filter: RunFilter) {
  const sessionId = filter.sessionId ?? undefined;
  if (sessionId !== undefined && !isId(sessionId))
    throw new SomaError("BAD_INPUT", `session id "${sessionId.slice(0, 80)}" is not a UUID`);
  const [graph, role] = [filter.graph ?? undefined, filter.role ?? undefined];
  checkStorable("filter.graph", graph ?? "");
  checkStorable("filter.role", role ?? "");
  const text = filter.text?.trim() ?? "";
  checkStorable("filter.text", text);
  if (text.length > MAX_TEXT)
    throw new SomaError("BAD_INPUT", `filter.text has ${text.length} characters; at most ${MAX_TEXT}`);
  const since = filter.createdAfter ?? undefined;
  const [outcomes, recovered] = [filter.outcome ?? undefined, filter.recovered ?? undefined];
  return {
    ...{ sessionId, graph, role, outcomes, recovered, statusCodes: codesOfFilter(filter) },
    text: text === "" ? undefined : text,
    newerThan: since === undefined ? undefined : beforeInstant(since),
  };
}

/** Statuses that are asked for, as far as a run of one may have gone as is asked for. */
function codesOfFilter({ status, outcome }: RunFilter): number[] | undefined {
  const codes = status?.flatMap(codesOf);
  if (outcome === undefined || outcome === null) return codes;
  return codesOfOutcomes(outcome).filter((code) => codes?.includes(code) ?? true);
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
