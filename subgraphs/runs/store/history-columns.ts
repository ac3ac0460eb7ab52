import { toEventKind } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";

/** A row as `historyColumns` reads it. */
export type HistoryRow = Omit<HistoryEvent, "kind"> & { kindCode: number };

/** Columns of journal `j` under the names an event has, for a select; without what models were sent where that is not wanted. */
export function historyColumns(tx: Sql, { prompts }: { prompts: boolean } = { prompts: true }) {
  const payload = prompts ? tx`j.payload` : tx`j.payload - 'prompt' as payload`;
  return tx`j.run_id as "runId", j.seq, j.at, j.kind as "kindCode", j.step, j.node, j.node_type as "nodeType", j.attempt, ${payload},
    encode(j.payload_hash, 'hex') as "payloadHash", encode(j.hash, 'hex') as hash`;
}

export function fromHistoryRow({ kindCode, ...row }: HistoryRow): HistoryEvent {
  return { ...row, kind: toEventKind(kindCode) };
}
