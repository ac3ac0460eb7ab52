import type { Sql, Tx } from "../../postgres/connect.ts";
import type { OutboxRow } from "./read-due-rows.ts";

export interface ParkedRow {
  row: OutboxRow;
  /** Why it cannot be delivered; null when it waits behind such a one. */
  reason: string | null;
  parksKey: boolean;
}

/**
 * Moves rows to the dead letters, each with its place, where their lease is still the one they were read under: what another
 * relay has by now stays. The lease is locked, so that nobody takes it in between. Gives the ids of the events that went.
 */
export async function parkRows(
  sql: Sql | Tx,
  { owner, rows }: { owner: string; rows: readonly ParkedRow[] },
): Promise<string[]> {
  const at = rows.map(({ row }) => row);
  const parked = await sql<{ eventId: string }[]>`
    with d (bucket, id, epoch, reason, parks_key) as (select * from unnest(${at.map((r) => r.bucket)}::smallint[],
        ${at.map((r) => r.id)}::bigint[], ${at.map((r) => r.epoch)}::bigint[], ${rows.map((r) => r.reason)}::text[],
        ${rows.map((r) => String(r.parksKey))}::text[]::boolean[])),
      held as materialized (select bucket, epoch from outbox_lease
        where owner = ${owner} and bucket in (select bucket from d) order by bucket for update),
      gone as (delete from outbox o using d, held h
        where o.bucket = d.bucket and o.id = d.id and h.bucket = d.bucket and h.epoch = d.epoch returning o.*, d.reason, d.parks_key)
    insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason, bucket, id, created_at, parks_key)
      select event_id, tenant, topic, key, type, payload, headers, reason, bucket, id, created_at, parks_key from gone
      returning event_id as "eventId"`;
  return parked.map(({ eventId }) => eventId);
}
