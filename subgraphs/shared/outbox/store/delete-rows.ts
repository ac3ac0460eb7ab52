import type { Sql, Tx } from "../../postgres/connect.ts";
import type { OutboxRow } from "./read-due-rows.ts";

/** Takes rows out, where their lease is still the one they were read under. */
export async function deleteRows(
  sql: Sql | Tx,
  { owner, rows }: { owner: string; rows: readonly OutboxRow[] },
): Promise<void> {
  if (rows.length === 0) return;
  await sql`delete from outbox o using outbox_lease l,
      unnest(${rows.map((r) => r.bucket)}::smallint[], ${rows.map((r) => r.id)}::bigint[], ${rows.map((r) => r.epoch)}::bigint[]) d(bucket, id, epoch)
    where o.bucket = d.bucket and o.id = d.id and l.bucket = d.bucket and l.owner = ${owner} and l.epoch = d.epoch`;
}
