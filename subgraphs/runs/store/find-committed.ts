import type { Sql } from "@soma/shared/postgres/connect";
import type { BatchRow } from "./commit-batch.ts";

/** After a lost connection: which of these rows are in the journal, by run and sequence number, told by their hash. */
export async function findCommitted(sql: Sql, { rows }: { rows: readonly BatchRow[] }): Promise<Set<BatchRow>> {
  const found = await sql<{ run_id: string; seq: number; hash: string }[]>`
    select j.run_id, j.seq, encode(j.hash, 'hex') as hash
      from unnest(${rows.map((r) => r.event.runId)}::uuid[], ${rows.map((r) => r.event.seq)}::int[]) k(run_id, seq)
      join journal j on j.run_id = k.run_id and j.seq = k.seq`;
  const hashes = new Map(found.map((row) => [`${row.run_id}/${row.seq}`, row.hash]));
  return new Set(rows.filter((row) => hashes.get(`${row.event.runId}/${row.event.seq}`) === row.event.hash));
}
