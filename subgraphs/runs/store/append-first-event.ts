import { EVENT_KIND } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";

/**
 * The event a run begins with, in the transaction that makes the run; every later one comes from its owner by commit_batch,
 * and those of rollbacks from `appendRollback`.
 */
export async function appendFirstEvent(
  tx: Tx,
  { tenant, event }: { tenant: string; event: HistoryEvent },
): Promise<void> {
  await tx`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
    values (${event.runId}, ${event.seq}, ${tenant}, 0, 0, ${EVENT_KIND[event.kind]}, 0, null, null, 0, ${event.at}, ${tx.json(event.payload as never)},
      decode(${event.payloadHash}, 'hex'), decode(${event.hash}, 'hex'))`;
}
