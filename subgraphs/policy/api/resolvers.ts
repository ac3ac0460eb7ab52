import type { RequestContext } from "@soma/shared/graphql/context";
import { referenced } from "@soma/shared/graphql/referenced";
import { isId } from "@soma/shared/ids";
import { outboxResolvers } from "@soma/shared/outbox/outbox-resolvers";
import { measureOwnOutbox } from "@soma/shared/outbox/store/measure-own-outbox";
import { type DecideDeps, decide } from "../commands/decide.ts";
import { isStepId } from "../domain/decide-params.ts";
import type { AuditRow, DecisionRow } from "../store/tables.ts";
import { auditSealFields } from "./audit-seal-fields.ts";
import { auditConnection, decisionConnection, decisionsConnection } from "./connections.ts";
import type { AuditCategory, Resolvers, ToolRisk } from "./generated.ts";
import { loadersOf } from "./loaders.ts";
import { verdictFields } from "./verdict-fields.ts";

interface ResolverDeps extends DecideDeps {
  /** Throws while too many events wait to be published. */
  admit(): Promise<void>;
}

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql } = deps;
  const find = async (id: string, context: RequestContext): Promise<DecisionRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).decision.load(id)) ?? null) : null;
  const findEvent = async (id: string, context: RequestContext): Promise<AuditRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).auditEvent.load(id)) ?? null) : null;
  const verdict = verdictFields(deps);
  const sealed = auditSealFields(sql);
  const outbox = outboxResolvers({ sql, measure: measureOwnOutbox });
  return {
    Outbox: outbox.Outbox,
    Query: {
      policyOutbox: (_parent, _args, context) => outbox.outbox(context),
      decision: (_parent, { id }, context) => find(id, context),
      decisions: (_parent, { filter, ...page }, context) => decisionsConnection(sql, context, filter ?? {}, page),
      policy: (_parent, asked, context) => verdict.policy(asked, context),
      auditEvents: (_parent, { filter, ...page }, context) => auditConnection(sql, context, filter ?? {}, page),
      auditSeals: (_parent, page, context) => sealed.auditSeals(page, context),
      sealedEvents: (_parent, page, context) => sealed.sealedEvents(page, context),
      auditProof: (_parent, { eventId }, context) => sealed.auditProof(eventId, context),
    },
    Mutation: {
      decidePolicyLetter: (_parent, { input }, context) => outbox.decide(input, context),
      async decide(_parent, { input }, context) {
        await deps.admit();
        return decide(deps, context.principal, { ...input, risk: input.risk.toLowerCase() as Lowercase<ToolRisk> });
      },
    },
    Decision: {
      __resolveReference: ({ id }, context) => referenced("decision", id, find(id, context)),
      id: (row) => row.decisionId,
      risk: (row) => row.risk.toUpperCase() as ToolRisk,
      input: (row, _args, context) => verdict.input(row, context),
      record: (row, _args, context) => verdict.record(row, context),
      expiresAt: (row) => row.expiresAt.toISOString(),
      createdAt: (row) => row.createdAt.toISOString(),
      run: (row) => (row.runId === null ? null : { id: row.runId }),
      step: (row) => (row.stepId === null ? null : { id: row.stepId }),
    },
    AuditEvent: {
      __resolveReference: ({ id }, context) => referenced("audit event", id, findEvent(id, context)),
      id: (row) => row.eventId,
      category: (row) => row.category.toUpperCase() as AuditCategory,
      timestamp: (row) => row.at.toISOString(),
    },
    Run: {
      __resolveReference: ({ id }) => ({ id }),
      decisions: ({ id }, page, context) => decisionConnection(loadersOf(sql, context).byRun, id, page),
    },
    Step: {
      __resolveReference: ({ id }) => ({ id }),
      decision: async ({ id }, _args, context) =>
        isStepId(id) ? ((await loadersOf(sql, context).byStep.load(id)) ?? null) : null,
    },
  };
}
