import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredPayload } from "../domain/big-values.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { keepValues } from "./keep-values.ts";

/**
 * The event a run begins with, in the transaction that makes the run; every later one comes from its owner by
 * commit_batch, and those of rollbacks from `appendRollback`.
 */
export async function appendFirstEvent(
  tx: Tx,
  { tenant, event }: { tenant: string; event: HistoryEvent },
): Promise<void> {
  const payload = toStoredPayload(event.payload);
  await tx`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
    values (${event.runId}, ${event.seq}, ${tenant}, 0, 0, ${EVENT_KIND[event.kind]}, 0, null, null, 0, ${event.at}, ${tx.json(payload.json as never)},
      decode(${event.payloadHash}, 'hex'), decode(${event.hash}, 'hex'))`;
  await keepValues(tx, { tenant, stored: [payload] });
}
