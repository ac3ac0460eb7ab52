import type { Sql } from "@soma/shared/postgres/connect";
import type { HeldRun } from "./read-held.ts";

/**
 * Takes away letters that were decided, at most so many, and gives the runs that waited for them, each from where it goes on:
 * with the letter, or after it when that was discarded or erased. Does nothing once the lease is another's.
 */
export async function carryOutDecisions(
  sql: Sql,
  { fence, limit }: { fence: number; limit: number },
): Promise<HeldRun[]> {
  const isDue = sql`h.letter is not null and not exists (select from outbox_dead d where d.event_id = h.letter and d.decision is null)`;
  const [due] = await sql`(select 1 from relay_held h where ${isDue} limit 1)
    union all (select 1 from outbox_dead where decision is not null limit 1) limit 1`;
  if (due === undefined || limit <= 0) return [];
  return sql<HeldRun[]>`
    with ours as materialized (select from relay_cursor where shard = 0 and fence = ${fence} for update),
      due as materialized (select h.run_id, h.letter from ours cross join relay_held h where ${isDue} limit ${limit}),
      gone as (delete from outbox_dead d using ours where d.decision is not null and (d.event_id in (select letter from due)
        or not exists (select from relay_held h where h.letter = d.event_id)) returning d.event_id, d.decision)
    update relay_held h set letter = null, seq = h.seq + case when gone.decision = 'RETRY' then 0 else 1 end
      from due left join gone on gone.event_id = due.letter where h.run_id = due.run_id
      returning h.run_id as "runId", h.seq`;
}
