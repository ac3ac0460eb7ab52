import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import { type IdType, isId, typeOfId } from "@soma/shared/ids";
import { checkStorable } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { listAuditEvents } from "../store/list-audit-events.ts";
import { listDecisions } from "../store/list-decisions.ts";
import type { AuditFilter, DecisionFilter } from "./generated.ts";
import type { loadersOf } from "./loaders.ts";

type Loaders = ReturnType<typeof loadersOf>;

const PAGE = { default: 50, max: 200 };
/** Each may tell what was asked, of 64 KB and more as JSON; the gateway takes 16 MB. */
const PAGE_OF_ALL = { default: 50, max: 100 };

function toIdOf(type: IdType) {
  return (cursor: string): string | undefined => (typeOfId(cursor) === type ? cursor : undefined);
}

/** A page of the decisions of a run, oldest first; a cursor is a decision's id. */
export async function decisionConnection(loader: Loaders["byRun"], owner: string, args: PageArgs) {
  const page = parsePage(args, PAGE, toIdOf("Decision"));
  const rows = isId(owner) ? await loader.load({ owner, page }) : [];
  return toConnection(rows, page, (row) => row.decisionId);
}

/** A page of the decisions of a tenant, oldest first. */
export async function decisionsConnection(sql: Sql, context: RequestContext, filter: DecisionFilter, args: PageArgs) {
  const { tenant } = context.principal;
  const page = parsePage(args, PAGE_OF_ALL, toIdOf("Decision"));
  const times = { from: parseTime("from", filter.from), to: parseTime("to", filter.to) };
  const rows = await transaction(sql, { tenant }, (tx) =>
    listDecisions(tx, { tenant, ...page, ...times, limit: page.limit + 1 }),
  );
  return toConnection(rows, page, (row) => row.decisionId);
}

/** A day, which begins in UTC, or an instant with its zone: without one it would be another on each machine. */
const A_TIME = /^[+-]?\d+-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/i;

function parseTime(name: string, text: string | null | undefined): Date | undefined {
  if (text === null || text === undefined) return undefined;
  const at = new Date(text);
  if (!A_TIME.test(text) || Number.isNaN(at.getTime()))
    throw new SomaError("BAD_INPUT", `filter.${name} is "${text.slice(0, 80)}", which is no time`);
  return at;
}

/** A page of audit events, newest first; a cursor is an event's id. */
export async function auditConnection(sql: Sql, context: RequestContext, filter: AuditFilter, args: PageArgs) {
  const { tenant } = context.principal;
  const page = parsePage(args, PAGE, toIdOf("AuditEvent"));
  for (const name of ["decision", "actor", "subject"] as const) checkStorable(`filter.${name}`, filter[name] ?? "");
  const params = {
    tenant,
    categories: filter.category?.map((category) => category.toLowerCase()),
    decision: filter.decision ?? undefined,
    actor: filter.actor ?? undefined,
    subject: filter.subject ?? undefined,
    olderThan: page.after,
    newerThan: page.before,
    oldestFirst: page.backward,
    limit: page.limit + 1,
  };
  const rows = await transaction(sql, { tenant }, (tx) => listAuditEvents(tx, params));
  return toConnection(rows, page, (row) => row.eventId);
}
