import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { referenced } from "@soma/shared/graphql/referenced";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import { outboxResolvers } from "@soma/shared/outbox/outbox-resolvers";
import { measureOwnOutbox } from "@soma/shared/outbox/store/measure-own-outbox";
import { createKeyedSlots } from "@soma/shared/slots";
import { link } from "../commands/link.ts";
import { recall } from "../commands/recall.ts";
import { remember } from "../commands/remember.ts";
import type { RecallPort } from "../recall/recall-port.ts";
import type { MemoryRow } from "../store/tables.ts";
import { linkConnection, memoryConnection } from "./connections.ts";
import { forgettingResolvers } from "./forgetting-resolvers.ts";
import type { MemoryRole, Resolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";
import { type SyncDeps, syncResolvers } from "./sync-resolvers.ts";

interface ResolverDeps extends SyncDeps {
  brain: RecallPort;
  now(): Date;
  /** Throws while too many events wait to be published. */
  admit(): Promise<void>;
}

const DEFAULT_NAMESPACE = "default";
const DEFAULT_LIMIT = 8;
/** Searches of one caller at once, fewer than there are connections; a service that asks for a run has bounds of its own. */
const RECALLS_AT_ONCE = 3;

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql } = deps;
  const find = async (id: string, context: RequestContext): Promise<MemoryRow | null> =>
    isId(id) ? ((await loadersOf(sql, context).memory.load(id)) ?? null) : null;
  const places = createKeyedSlots(RECALLS_AT_ONCE);
  const inPlace = <T>({ tenant, subject, service }: Principal, work: () => Promise<T>): Promise<T> =>
    service === null ? places.use(JSON.stringify([tenant, subject]), work) : work();

  const outbox = outboxResolvers({ sql, measure: measureOwnOutbox });
  const { sync, requeue, audit } = syncResolvers(deps);
  const forgetting = forgettingResolvers(deps);
  return {
    Outbox: outbox.Outbox,
    Forgotten: forgetting.Forgotten,
    Query: {
      ...forgetting.Query,
      memoryOutbox: (_parent, _args, context) => outbox.outbox(context),
      memorySync: (_parent, _args, context) => sync(context),
      memory: (_parent, { id }, context) => find(id, context),
      recall: (_parent, { input }, context) =>
        inPlace(context.principal, () =>
          recall(deps, context.principal, {
            query: input.query,
            namespace: input.namespace ?? DEFAULT_NAMESPACE,
            kind: input.kind ?? undefined,
            sessionId: input.sessionId ?? undefined,
            limit: input.limit ?? DEFAULT_LIMIT,
          }),
        ),
    },
    Mutation: {
      ...forgetting.Mutation,
      decideMemoryLetter: (_parent, { input }, context) => outbox.decide(input, context),
      requeueMemories: (_parent, { input }, context) => requeue(input, context),
      auditMemories: (_parent, { input }, context) => audit(input, context),
      async remember(_parent, { input }, context) {
        await deps.admit();
        return remember(deps, context.principal, { ...input, namespace: input.namespace ?? DEFAULT_NAMESPACE });
      },
      async link(_parent, { input }, context) {
        await deps.admit();
        return link(deps, context.principal, input);
      },
    },
    Memory: {
      __resolveReference: ({ id }, context) => referenced("memory", id, find(id, context)),
      id: (row) => row.memoryId,
      key: (row) => row.somabrainKey,
      role: (row) => row.role.toUpperCase() as MemoryRole,
      createdAt: (row) => row.createdAt.toISOString(),
      session: (row) => ({ id: row.sessionId }),
      rememberedBy: (row) => row.subject,
      run: (row) => (row.runId === null ? null : { id: row.runId }),
      links: (row, args, context) => linkConnection(loadersOf(sql, context).links, row.memoryId, args),
    },
    MemoryLink: {
      createdAt: (edge) => edge.createdAt.toISOString(),
      async target(edge, _args, context) {
        const target = await find(edge.targetId, context);
        if (target === null) throw new SomaError("ERASED", `memory ${edge.targetId} is linked and being forgotten`);
        return target;
      },
    },
    Run: {
      __resolveReference: ({ id }) => ({ id }),
      memories: ({ id }, args, context) => memoryConnection(loadersOf(sql, context).run, id, args),
    },
    Session: {
      __resolveReference: ({ id }) => ({ id }),
      memories: ({ id }, args, context) => memoryConnection(loadersOf(sql, context).session, id, args),
    },
  };
}
