import { toEventKind } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";

/** A row as `historyColumns` reads it. */
export type HistoryRow = Omit<HistoryEvent, "kind"> & { kindCode: number } & MayReferRow;

/** Columns of journal `j` under the names an event has, for a select. */
export function historyColumns(tx: Sql) {
  return tx`j.run_id as "runId", j.seq, j.at, j.kind as "kindCode", j.step, j.node, j.node_type as "nodeType", j.attempt, j.payload,
    encode(j.payload_hash, 'hex') as "payloadHash", encode(j.hash, 'hex') as hash, ${bigOf(tx, { tenant: "j.tenant", stored: "j.payload" })}`;
}

/** The events of rows, with their payloads as they were hashed. */
export async function toEvents<T extends HistoryRow>(sql: Sql, rows: readonly T[]) {
  const whole = await withWhole(sql, {
    rows,
    field: "payload",
    nameOf: ({ runId, seq }) => `event ${seq} of run ${runId}`,
  });
  return whole.map(({ kindCode, ...row }) => ({ ...row, kind: toEventKind(kindCode) }));
}
