import { newId } from "@soma/shared/ids";
import { emit } from "@soma/shared/outbox/emit";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { activeTraceId } from "@soma/shared/telemetry";
import { findForgetting } from "../store/find-forgetting.ts";
import { forgetSome, type Gone } from "../store/forget-some.ts";
import { lockForgetting } from "../store/lock-forgetting.ts";
import { auditForgetting } from "./audit-forgetting.ts";

/** Memories of one transaction, and about so many characters: writers of the tenant wait for it. */
const AT_ONCE = 100;
const CHARACTERS = 200_000;

interface CarryOutParams {
  tenant: string;
  forgettingId: string;
  /** Memories at once. */
  atOnce?: number;
}

/** Forgets some more of what was ordered, and tells others of each in the same transaction. False when that was all. */
export async function carryOutForgetting(
  { sql, now }: { sql: Sql; now(): Date },
  { tenant, forgettingId, atOnce = AT_ONCE }: CarryOutParams,
): Promise<boolean> {
  return transaction(sql, { tenant }, async (tx) => {
    await lockForgetting(tx, { tenant, shared: false });
    const before = await findForgetting(tx, { tenant, forgettingId });
    if (before === undefined || before.doneAt !== null) return false;
    const gone = await forgetSome(tx, { forgettingId, limit: atOnce, size: CHARACTERS });
    for (const memory of gone) await tellForgotten(tx, { tenant, memory, forgettingId, now: now() });
    if (gone.length > 0) return true;
    await auditForgetting(tx, { row: before, now: now(), decision: "forgotten" });
    return false;
  });
}

interface TellParams {
  tenant: string;
  memory: Gone;
  forgettingId: string;
  now: Date;
}

function tellForgotten(tx: Tx, { tenant, memory, forgettingId, now }: TellParams): Promise<void> {
  return emit(tx, {
    type: "memory.event.v1",
    tenant,
    key: memory.somabrainKey,
    data: {
      event_id: newId(),
      tenant,
      namespace: memory.namespace,
      action: "forgotten",
      memory_id: memory.memoryId,
      somabrain_key: memory.somabrainKey,
      timestamp: now.toISOString(),
      sync_state: "local",
      session_id: memory.sessionId,
      trace_id: activeTraceId(),
      forgetting_id: forgettingId,
      ...(memory.runId === null ? {} : { run_id: memory.runId }),
    },
  });
}
