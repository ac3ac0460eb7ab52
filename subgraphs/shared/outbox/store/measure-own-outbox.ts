import type { Tx } from "../../postgres/connect.ts";

/** What waits of one tenant, each counted to 10 000. */
export interface OutboxState {
  pendingRows: number;
  oldestAgeSeconds: number;
  deadLetters: number;
  /** Keys that wait for a letter to be decided, and their events behind it. */
  parkedKeys: number;
  heldRows: number;
}

const COUNTED = 10_000;

/** What waits in the outbox. */
export async function measureOwnOutbox(tx: Tx, { tenant }: { tenant: string }): Promise<OutboxState> {
  const [row] = await tx<OutboxState[]>`
    with waiting as (select created_at from outbox where tenant = ${tenant} limit ${COUNTED}),
      dead as (select reason, topic, key, parks_key from outbox_dead where tenant = ${tenant} and decision is null limit ${COUNTED})
    select (select count(*) from waiting)::int as "pendingRows",
      (select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) from waiting)::float8 as "oldestAgeSeconds",
      (select count(*) from dead where reason is not null)::int as "deadLetters",
      (select count(distinct (topic, key)) from dead where parks_key)::int as "parkedKeys",
      (select count(*) from dead where reason is null)::int as "heldRows"`;
  if (row === undefined) throw new Error("the outbox could not be measured");
  return row;
}
