import type { RequestContext } from "@soma/shared/graphql/context";
import { OPERATOR, requireRole } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { auditMemories } from "../commands/audit-memories.ts";
import { requeueMemories } from "../commands/requeue-memories.ts";
import type { SomaBrain } from "../somabrain/somabrain.ts";
import { measureUnsynced } from "../store/measure-unsynced.ts";
import { readSyncState } from "../store/read-sync-state.ts";
import type { AuditMemoriesInput, MemorySync, RequeueMemoriesInput } from "./generated.ts";

const DEFAULT_LIMIT = 20;
const UNKNOWN = { since: null, probedAt: null, dialect: null, fault: null };

export interface SyncDeps {
  /** A pool of the request role. */
  sql: Sql;
  /** Undefined where there is none. */
  somaBrain: SomaBrain | undefined;
}

/** How memories get to SomaBrain, and what an operator may do about it. */
export function syncResolvers({ sql, somaBrain }: SyncDeps) {
  return {
    async sync({ principal }: RequestContext): Promise<MemorySync> {
      requireRole(principal, OPERATOR);
      return transaction(sql, { tenant: principal.tenant }, async (tx) => {
        const { rows: waiting, refused, ageS: oldestSeconds } = await measureUnsynced(tx);
        const counts = { waiting, refused, oldestSeconds };
        if (somaBrain === undefined) return { state: "OFF", ...UNKNOWN, ...counts };
        const { state, stateAt, probedAt, dialect, fault } = await readSyncState(tx);
        // Before anybody has asked it nothing is known of it.
        const when = { since: stateAt?.toISOString() ?? null, probedAt: probedAt?.toISOString() ?? null };
        return { state: state ?? "DOWN", ...when, dialect, fault, ...counts };
      });
    },
    async requeue(input: RequeueMemoriesInput, { principal }: RequestContext) {
      return { requeued: await requeueMemories({ sql }, principal, input) };
    },
    audit: ({ limit, idempotencyKey }: AuditMemoriesInput, { principal }: RequestContext) =>
      auditMemories({ sql, brain: somaBrain }, principal, { limit: limit ?? DEFAULT_LIMIT, idempotencyKey }),
  };
}
