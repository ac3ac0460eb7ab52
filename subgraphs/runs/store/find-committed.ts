import type { Sql } from "@soma/shared/postgres/connect";
import type { BatchRow } from "./commit-batch.ts";

/**
 * After a lost connection: which of these rows are in the journal, by run and sequence number, told by their hash; with
 * the control bits of their runs, which the lost answer would have told.
 */
export async function findCommitted(sql: Sql, { rows }: { rows: readonly BatchRow[] }): Promise<Map<BatchRow, number>> {
  const found = await sql<{ run_id: string; seq: number; hash: string; control: number }[]>`
    select j.run_id, j.seq, encode(j.hash, 'hex') as hash, r.control
      from unnest(${rows.map((r) => r.event.runId)}::uuid[], ${rows.map((r) => r.event.seq)}::int[]) k(run_id, seq)
      join journal j on j.run_id = k.run_id and j.seq = k.seq
      join run r on r.run_id = k.run_id`;
  const known = new Map(found.map((row) => [`${row.run_id}/${row.seq}/${row.hash}`, row.control]));
  return new Map(
    rows.flatMap((row) => {
      const { runId, seq, hash } = row.event;
      const control = known.get(`${runId}/${seq}/${hash}`);
      return control === undefined ? [] : [[row, control]];
    }),
  );
}
