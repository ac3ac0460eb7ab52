import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { isId, newId } from "@soma/shared/ids";
import { digest } from "@soma/shared/json";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeTraceId } from "@soma/shared/telemetry";
import { isRelation } from "../domain/relation.ts";
import { findMemories } from "../store/find-memories.ts";
import { findMemoryCall } from "../store/find-memory-call.ts";
import { insertEdge } from "../store/insert-edge.ts";
import { insertMemoryCall } from "../store/insert-memory-call.ts";
import { lockForgetting } from "../store/lock-forgetting.ts";
import { lockName } from "../store/lock-name.ts";
import type { MemoryRow } from "../store/tables.ts";
import { checkKept } from "./check-kept.ts";

interface LinkParams {
  sourceId: string;
  targetId: string;
  relation: string;
  idempotencyKey: string;
}

/**
 * Links two memories of the tenant. A link made twice is made once, whatever the caller's keys; a key that was used for
 * anything else is refused.
 */
export async function link(
  deps: { sql: Sql; now(): Date },
  principal: Principal,
  params: LinkParams,
): Promise<{ source: MemoryRow; target: MemoryRow }> {
  const { tenant } = principal;
  const { sourceId, targetId, relation } = params;
  if (!isRelation(relation))
    throw new SomaError(
      "BAD_INPUT",
      `relation "${relation.slice(0, 80)}" is not lower-case words joined by underscores, at most 40 characters`,
    );
  checkIdempotencyKey(params.idempotencyKey);
  if (sourceId === targetId) throw new SomaError("BAD_INPUT", "a memory cannot be linked to itself");
  return transaction(deps.sql, { tenant }, async (tx) => {
    await lockForgetting(tx, { tenant, shared: true });
    const memoryIds = [sourceId, targetId].filter(isId);
    const rows = new Map((await findMemories(tx, { memoryIds })).map((row) => [row.memoryId, row]));
    const get = (id: string): MemoryRow => {
      const row = rows.get(id);
      if (row === undefined) throw new SomaError("NOT_FOUND", `memory ${id.slice(0, 80)} does not exist`);
      return row;
    };
    const [source, target] = [get(sourceId), get(targetId)];
    await claimCall(tx, tenant, params);
    if (await insertEdge(tx, { tenant, sourceId, relation, targetId })) {
      const data = {
        event_id: newId(),
        tenant,
        namespace: source.namespace,
        action: "linked" as const,
        memory_id: sourceId,
        target_id: targetId,
        relation,
      };
      const more = {
        somabrain_key: source.somabrainKey,
        timestamp: deps.now().toISOString(),
        sync_state: "local" as const,
        session_id: source.sessionId,
        trace_id: activeTraceId(),
      };
      await emit(tx, { type: "memory.event.v1", tenant, key: source.somabrainKey, data: { ...data, ...more } });
    }
    return { source, target };
  });
}

/** Makes the caller's key stand for this link; throws IDEMPOTENCY_CONFLICT when it stands for something else. */
async function claimCall(
  tx: Tx,
  tenant: string,
  { sourceId, targetId, relation, idempotencyKey: callKey }: LinkParams,
): Promise<void> {
  const body = digest(["link", sourceId, targetId, relation]);
  await lockName(tx, { tenant, name: `call/${callKey}` });
  const call = await findMemoryCall(tx, { tenant, callKey });
  if (call === undefined) return insertMemoryCall(tx, { tenant, callKey, digest: body, memoryId: sourceId });
  checkKept(call);
  if (call.digest !== body)
    throw new SomaError(
      "IDEMPOTENCY_CONFLICT",
      `idempotency key "${callKey}" belongs to another call on memory ${call.memoryId}; use a new key`,
    );
}
