import type { RequestContext } from "@soma/shared/graphql/context";
import { type IdType, isId, typeOfId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { parseStepId } from "../domain/history.ts";
import type { Step } from "../domain/steps.ts";
import type { RunRow, SessionRow } from "../store/tables.ts";
import { loadersOf } from "./loaders.ts";

export async function findRun(sql: Sql, context: RequestContext, id: string): Promise<RunRow | null> {
  return isId(id) ? ((await loadersOf(sql, context).run.load(id)) ?? null) : null;
}

export async function findSession(sql: Sql, context: RequestContext, id: string): Promise<SessionRow | null> {
  return isId(id) ? ((await loadersOf(sql, context).session.load(id)) ?? null) : null;
}

export async function findStep(sql: Sql, context: RequestContext, id: string): Promise<Step | null> {
  const place = parseStepId(id);
  if (place === undefined || (await findRun(sql, context, place.runId)) === null) return null;
  return (await loadersOf(sql, context).step.load(place)) ?? null;
}

/** Types whose objects another subgraph has; it is asked as soon as a field beside the id is wanted. */
const ELSEWHERE = ["Memory", "Decision", "Invocation", "AuditEvent"] as const satisfies readonly IdType[];

/** Any object by its id, with the name of its type; null when there is none, or its type is unknown here. */
export async function findNode(sql: Sql, context: RequestContext, id: string) {
  const step = await findStep(sql, context, id);
  if (step !== null) return { __typename: "Step" as const, ...step };
  const type = typeOfId(id);
  if (type === "Run") return named("Run", await findRun(sql, context, id));
  if (type === "Session") return named("Session", await findSession(sql, context, id));
  const elsewhere = ELSEWHERE.find((name) => name === type);
  return elsewhere === undefined ? null : { __typename: elsewhere, id };
}

function named<N extends string, T extends object>(name: N, row: T | null): ({ __typename: N } & T) | null {
  return row === null ? null : { __typename: name, ...row };
}
