import type { RequestContext } from "@soma/shared/graphql/context";
import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import type { InvocationPlace } from "../store/list-run-invocations.ts";
import { loadersOf } from "./loaders.ts";

const LIMITS = { default: 50, max: 200 };
/** Microseconds, a dot, an id. Sixteen digits reach to the year 2286, so that no number is out of Postgres's range. */
const CURSOR = /^(\d{1,16})\.([0-9a-f-]{36})$/;

/** A page of a run's invocations, oldest first. */
export async function invocationConnection(sql: Sql, context: RequestContext, runId: string, args: PageArgs) {
  const page = parsePage(args, LIMITS, toPlace);
  const rows = isId(runId) ? await loadersOf(sql, context).ofRun.load({ owner: runId, page }) : [];
  return toConnection(rows, page, toCursor);
}

function toPlace(cursor: string): InvocationPlace | undefined {
  const [, startedMicros = "", invocationId = ""] = CURSOR.exec(cursor) ?? [];
  return isId(invocationId) ? { startedMicros, invocationId } : undefined;
}

function toCursor({ startedMicros, invocationId }: InvocationPlace): string {
  return `${startedMicros}.${invocationId}`;
}
