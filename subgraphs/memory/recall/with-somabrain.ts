import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { fuse, type Ranking } from "../domain/fuse.ts";
import type { SomaBrain } from "../somabrain/somabrain.ts";
import { findByKeys } from "../store/find-by-keys.ts";
import type { MemoryRow } from "../store/tables.ts";
import type { RecallParams, RecallPort, RecallResult } from "./recall-port.ts";

/** As many as it gives at most: those of other kinds and sessions are left out here. */
const MOST = 50;
/** Callers do not wait for one that did not answer five times; after a while one of them asks again. */
const BREAKER = { failures: 5, openMs: 15_000 };

interface Deps {
  local: RecallPort;
  brain: Pick<SomaBrain, "recall">;
  /** A pool of the request role. */
  sql: Sql;
  /** Milliseconds that it may take. */
  deadlineMs: number;
}

/**
 * Recalls from SomaBrain and from Postgres at once: what was written a moment ago is there too, and an answer comes within the
 * deadline whatever SomaBrain does. Of what it gives only the keys are used, and read here as the tenant: what is not the
 * tenant's, or is no more, is not found.
 */
export function createBrainWithSomaBrain({ local, brain, sql, deadlineMs }: Deps): RecallPort {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: BREAKER.openMs,
    breaker: new ConsecutiveBreaker(BREAKER.failures),
  });

  async function recallFar(params: RecallParams): Promise<MemoryRow[] | undefined> {
    const { tenant, namespace, query, kind, sessionId } = params;
    const asked = { tenant, namespace, query, limit: MOST, timeoutMs: deadlineMs };
    const hits = await breaker.execute(() => brain.recall(asked)).catch(() => undefined);
    if (hits === undefined) return undefined;
    const keys = [...new Set(hits.map(({ key }) => key))].slice(0, 2 * MOST);
    if (keys.length === 0) return [];
    const rows = await transaction(sql, { tenant }, (tx) => findByKeys(tx, { namespace, keys }));
    const byKey = new Map(rows.map((row) => [row.somabrainKey, row]));
    const isAsked = (row: MemoryRow): boolean =>
      (kind === undefined || row.kind === kind) && (sessionId === undefined || row.sessionId === sessionId);
    return keys.flatMap((key) => byKey.get(key) ?? []).filter(isAsked);
  }

  return {
    async recall(params): Promise<RecallResult> {
      const [own, far] = await Promise.all([local.recall(params), recallFar(params)]);
      if (far === undefined) return { ...own, isDegraded: true };
      const rankings: Ranking<MemoryRow>[] = [
        own.hits.map(({ memory, why }) => ({ id: memory.memoryId, of: memory, why })),
        far.map((memory) => ({ id: memory.memoryId, of: memory, why: "meaning" })),
      ];
      const hits = fuse(rankings, params.limit).map(({ of: memory, score, why }) => ({ memory, score, why }));
      return { hits, source: "SOMABRAIN", isDegraded: false };
    },
  };
}
