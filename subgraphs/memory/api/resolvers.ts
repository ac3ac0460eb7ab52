import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { link } from "../commands/link.ts";
import { remember } from "../commands/remember.ts";
import { recall } from "../recall/local-brain.ts";
import { findEdges } from "../store/find-edges.ts";
import { findMemories } from "../store/find-memories.ts";
import { listMemoriesOf } from "../store/list-memories-of.ts";
import type { EdgeRow, MemoryRow } from "../store/tables.ts";
import type { MemoryRole, Resolvers } from "./generated.ts";

export interface ResolverDeps {
  /** A pool of the request role. */
  sql: Sql;
  now(): Date;
}

const DEFAULT_NAMESPACE = "default";

function loadersOf(sql: Sql, context: RequestContext) {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    memory: new DataLoader<string, MemoryRow | undefined>(async (ids) => {
      const rows = new Map(
        (await transaction(sql, { tenant }, (tx) => findMemories(tx, ids))).map((row) => [row.memoryId, row]),
      );
      return ids.map((id) => rows.get(id));
    }),
    links: new DataLoader<string, EdgeRow[]>(async (ids) => {
      const bySource = Map.groupBy(
        await transaction(sql, { tenant }, (tx) => findEdges(tx, ids)),
        (edge) => edge.sourceId,
      );
      return ids.map((id) => bySource.get(id) ?? []);
    }),
    run: memoriesOf(sql, tenant, "runId"),
    session: memoriesOf(sql, tenant, "sessionId"),
  }));
}

function memoriesOf(sql: Sql, tenant: string, owner: "runId" | "sessionId"): DataLoader<string, MemoryRow[]> {
  return new DataLoader(async (ids) => {
    const byOwner = Map.groupBy(
      await transaction(sql, { tenant }, (tx) => listMemoriesOf(tx, owner, ids)),
      (row) => row[owner],
    );
    return ids.map((id) => byOwner.get(id) ?? []);
  });
}

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql } = deps;
  const find = async (id: string, context: RequestContext): Promise<MemoryRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).memory.load(id)) ?? null) : null;
  return {
    Query: {
      memory: (_parent, { id }, context) => find(id, context),
      async recall(_parent, { input }, context) {
        const { tenant } = context.principal;
        const { query, namespace, kind, sessionId, limit } = input;
        const hits = await recall(
          sql,
          {
            tenant,
            query,
            namespace: namespace ?? DEFAULT_NAMESPACE,
            kind: kind ?? undefined,
            sessionId: sessionId ?? undefined,
            limit: limit ?? 8,
          },
          deps.now(),
        );
        return { hits, source: "local" };
      },
    },
    Mutation: {
      remember: (_parent, { input }, context) =>
        remember(deps, context.principal, { ...input, namespace: input.namespace ?? DEFAULT_NAMESPACE }),
      link: (_parent, { input }, context) => link(deps, context.principal, input),
    },
    Memory: {
      __resolveReference: ({ id }, context) => find(id, context),
      id: (row) => row.memoryId,
      key: (row) => row.somabrainKey,
      role: (row) => row.role.toUpperCase() as MemoryRole,
      createdAt: (row) => row.createdAt.toISOString(),
      session: (row) => ({ id: row.sessionId }),
      run: (row) => (row.runId === null ? null : { id: row.runId }),
      links: (row, _args, context) => loadersOf(sql, context).links.load(row.memoryId),
    },
    MemoryLink: {
      createdAt: (edge) => edge.createdAt.toISOString(),
      async target(edge, _args, context) {
        const target = await find(edge.targetId, context);
        if (target === null) throw new SomaError("INTERNAL", `memory ${edge.targetId} is linked and not there`);
        return target;
      },
    },
    Run: {
      __resolveReference: ({ id }) => ({ id }),
      memories: ({ id }, _args, context) => (isId(id) ? loadersOf(sql, context).run.load(id) : []),
    },
    Session: {
      __resolveReference: ({ id }) => ({ id }),
      memories: ({ id }, _args, context) => (isId(id) ? loadersOf(sql, context).session.load(id) : []),
    },
  };
}
