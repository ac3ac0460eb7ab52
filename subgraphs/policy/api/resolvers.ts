import { parsePage, toConnection } from "@soma/shared/graphql/connection";
import type { RequestContext } from "@soma/shared/graphql/context";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { type DecideDeps, decide } from "../commands/decide.ts";
import { checkText, isStepId } from "../domain/decide-params.ts";
import { findDecisions, findNewestOfSteps, listDecisionsOfRuns } from "../store/find-decisions.ts";
import { listAuditEvents } from "../store/list-audit-events.ts";
import type { DecisionRow } from "../store/tables.ts";
import type { AuditCategory, Resolvers } from "./generated.ts";

const AUDIT_PAGE = { default: 50, max: 200 };

function loadersOf(sql: Sql, context: RequestContext) {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    decision: new DataLoader<string, DecisionRow | undefined>(async (ids) => {
      const rows = new Map(
        (await transaction(sql, { tenant }, (tx) => findDecisions(tx, ids))).map((row) => [row.decisionId, row]),
      );
      return ids.map((id) => rows.get(id));
    }),
    /** The newest decision of each step. */
    byStep: new DataLoader<string, DecisionRow | undefined>(async (ids) => {
      const rows = new Map(
        (await transaction(sql, { tenant }, (tx) => findNewestOfSteps(tx, ids))).map((row) => [row.stepId, row]),
      );
      return ids.map((id) => rows.get(id));
    }),
    /** The decisions of each run, oldest first. */
    byRun: new DataLoader<string, DecisionRow[]>(async (ids) => {
      const rows = Map.groupBy(
        await transaction(sql, { tenant }, (tx) => listDecisionsOfRuns(tx, ids)),
        (row) => row.runId,
      );
      return ids.map((id) => rows.get(id) ?? []);
    }),
  }));
}

export function createResolvers(deps: DecideDeps): Resolvers {
  const { sql } = deps;
  const find = async (id: string, context: RequestContext): Promise<DecisionRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).decision.load(id)) ?? null) : null;
  return {
    Query: {
      decision: (_parent, { id }, context) => find(id, context),
      async auditEvents(_parent, { filter, ...args }, context) {
        const { tenant } = context.principal;
        const { first, after } = parsePage(args, AUDIT_PAGE, (cursor) => (isId(cursor) ? cursor : undefined));
        for (const name of ["decision", "actor", "subject"] as const) checkText(`filter.${name}`, filter?.[name] ?? "");
        const categories = filter?.category?.map((category) => category.toLowerCase());
        const wanted = {
          categories,
          decision: filter?.decision ?? undefined,
          actor: filter?.actor ?? undefined,
          subject: filter?.subject ?? undefined,
        };
        const rows = await transaction(sql, { tenant }, (tx) =>
          listAuditEvents(tx, { tenant, ...wanted, before: after, limit: first + 1 }),
        );
        return toConnection(rows, first, (row) => row.eventId);
      },
    },
    Mutation: {
      decide: (_parent, { input }, context) => decide(deps, context.principal, input),
    },
    Decision: {
      __resolveReference: ({ id }, context) => find(id, context),
      id: (row) => row.decisionId,
      token: (row) => row.token ?? null,
      expiresAt: (row) => row.expiresAt.toISOString(),
      createdAt: (row) => row.createdAt.toISOString(),
      run: (row) => (row.runId === null ? null : { id: row.runId }),
      step: (row) => (row.stepId === null ? null : { id: row.stepId }),
    },
    AuditEvent: {
      id: (row) => row.eventId,
      category: (row) => row.category.toUpperCase() as AuditCategory,
      timestamp: (row) => row.at.toISOString(),
    },
    Run: {
      __resolveReference: ({ id }) => ({ id }),
      decisions: ({ id }, _args, context) => (isId(id) ? loadersOf(sql, context).byRun.load(id) : []),
    },
    Step: {
      __resolveReference: ({ id }) => ({ id }),
      decision: async ({ id }, _args, context) =>
        isStepId(id) ? ((await loadersOf(sql, context).byStep.load(id)) ?? null) : null,
    },
  };
}
