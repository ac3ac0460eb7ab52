import type { RequestContext } from "@soma/shared/graphql/context";
import { referenced } from "@soma/shared/graphql/referenced";
import { stoppable } from "@soma/shared/graphql/stoppable";
import { isId } from "@soma/shared/ids";
import type { LostHints } from "@soma/shared/lost-hints";
import { outboxResolvers } from "@soma/shared/outbox/outbox-resolvers";
import { measureOwnOutbox } from "@soma/shared/outbox/store/measure-own-outbox";
import { cancelInvocation } from "../commands/cancel-invocation.ts";
import { type InvokeToolDeps, invokeTool } from "../commands/invoke-tool.ts";
import { toRetiredTool } from "../execution/catalog/retired-tool.ts";
import type { ExecutorLife } from "../execution/invocations/executor-life.ts";
import type { InvocationRow } from "../store/tables.ts";
import type { Resolvers, ToolEffect, ToolIsolation, ToolRisk } from "./generated.ts";
import { invocationConnection } from "./invocation-connection.ts";
import { loadersOf } from "./loaders.ts";
import { followToolOutput } from "./tool-output.ts";

export interface ResolverDeps extends InvokeToolDeps {
  life: ExecutorLife;
  lostHints: LostHints;
  /** Throws while too many events wait to be published. */
  admit(): Promise<void>;
}

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql, registry } = deps;
  const find = async (id: string, context: RequestContext): Promise<InvocationRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).invocation.load(id)) ?? null) : null;
  const outbox = outboxResolvers({ sql, measure: measureOwnOutbox });
  return {
    Outbox: outbox.Outbox,
    Query: {
      toolsOutbox: (_parent, _args, context) => outbox.outbox(context),
      tools: () => [...registry.catalog()],
      invocation: (_parent, { id }, context) => find(id, context),
    },
    Mutation: {
      decideToolsLetter: (_parent, { input }, context) => outbox.decide(input, context),
      async invokeTool(_parent, { input }, context) {
        await deps.admit();
        return { invocation: await invokeTool(deps, context.principal, input) };
      },
      cancelInvocation: async (_parent, { input }, context) => ({
        invocation: await cancelInvocation(deps, context.principal, input),
      }),
    },
    Subscription: {
      toolOutput: {
        subscribe: (_parent, { invocationId, after }, context) =>
          stoppable(async function* (signal) {
            for await (const frame of followToolOutput(deps, context.principal, { invocationId, after, signal }))
              yield { toolOutput: frame };
          }),
      },
    },
    Tool: {
      // A copy, because the federation runtime writes `__typename` on what a reference resolves to.
      __resolveReference({ name }) {
        const tool = registry.describe(name);
        return tool === undefined ? null : { ...tool };
      },
      risk: (tool) => tool.risk.toUpperCase() as ToolRisk,
      effect: (tool) => tool.effect.toUpperCase() as ToolEffect,
      isolation: (tool) => tool.isolation.toUpperCase() as ToolIsolation,
    },
    Invocation: {
      __resolveReference: ({ id }, context) => referenced("invocation", id, find(id, context)),
      id: (row) => row.invocationId,
      tool: (row) => registry.find(row.tool) ?? toRetiredTool(row),
      output: (row, _args, context) =>
        row.status === "RUNNING" ? null : loadersOf(sql, context).output.load(row.invocationId),
      error: (row) => (row.errorType === null ? null : { type: row.errorType, message: row.errorMessage ?? "" }),
      startedAt: (row) => row.startedAt.toISOString(),
      finishedAt: (row) => row.finishedAt?.toISOString() ?? null,
      decision: (row) => ({ id: row.decisionId }),
      run: (row) => (row.runId === null ? null : { id: row.runId }),
      step: (row) => (row.stepId === null ? null : { id: row.stepId }),
    },
    Run: {
      __resolveReference: ({ id }) => ({ id }),
      invocations: ({ id }, args, context) => invocationConnection(sql, context, id, args),
    },
    Step: {
      __resolveReference: ({ id }) => ({ id }),
      invocation: async ({ id }, _args, context) => (await loadersOf(sql, context).ofStep.load(id)) ?? null,
    },
  };
}
