import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { OPERATOR, type Principal, requireRole } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { SomaBrain } from "../somabrain/somabrain.ts";
import { listSynced } from "../store/list-synced.ts";
import { requeueUnsynced } from "../store/requeue-unsynced.ts";
import type { MemoryRow } from "../store/tables.ts";

const MOST = 100;
const TIMEOUT_MS = 5_000;
/** Memories that say nearly the same may stand before the one that is looked for. */
const HITS = 50;
const MAX_QUERY = 2_000;

/**
 * Asks SomaBrain for memories by what they say, and has those brought again that its store does not give: it may have lost what
 * it proved to have. One that it merely does not find is brought again too, which changes nothing there.
 */
export async function auditMemories(
  deps: { sql: Sql; brain: Pick<SomaBrain, "recall"> | undefined },
  principal: Principal,
  { limit, idempotencyKey }: { limit: number; idempotencyKey: string },
): Promise<{ looked: number; missing: MemoryRow[] }> {
  const { tenant } = principal;
  const { sql, brain } = deps;
  requireRole(principal, OPERATOR);
  checkIdempotencyKey(idempotencyKey);
  if (brain === undefined) throw new SomaError("BAD_INPUT", "there is no SomaBrain to ask; set SOMA_BASE_URL");
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new SomaError("BAD_INPUT", `limit is ${limit}; it must be 1 to ${MOST}`);
  const rows = await transaction(sql, { tenant }, (tx) => listSynced(tx, { limit }));
  const missing: MemoryRow[] = [];
  for (const row of rows) {
    const query = row.content.slice(0, MAX_QUERY);
    const hits = await brain.recall({ tenant, namespace: row.namespace, query, limit: HITS, timeoutMs: TIMEOUT_MS });
    if (!hits.some(({ key, isStored }) => isStored && key === row.somabrainKey)) missing.push(row);
  }
  const memoryIds = missing.map(({ memoryId }) => memoryId);
  if (memoryIds.length > 0) await transaction(sql, { tenant }, (tx) => requeueUnsynced(tx, { memoryIds, limit: MOST }));
  return { looked: rows.length, missing };
}
