import { type EventKind, toEventKind } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import type { HistoryEvent } from "../domain/history.ts";

/** The newest event of a run: what it ends with so far. */
export interface Head {
  runId: string;
  seq: number;
  hash: string;
  kind: EventKind;
  payload: HistoryEvent["payload"];
}

/** The newest event of each run; one index look-up per run. */
export async function readHeads(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<Map<string, Head>> {
  const rows = await tx<
    { run_id: string; seq: number; hash: string; kind: number; payload: HistoryEvent["payload"] }[]
  >`
    select r.run_id, j.seq, encode(j.hash, 'hex') as hash, j.kind, j.payload
      from unnest(${[...runIds]}::uuid[]) r(run_id)
      cross join lateral (select * from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j`;
  return new Map(
    rows.map((row) => [
      row.run_id,
      { runId: row.run_id, seq: row.seq, hash: row.hash, kind: toEventKind(row.kind), payload: row.payload },
    ]),
  );
}
