import type { Sql } from "../../postgres/connect.ts";

/**
 * Takes the letters that were decided out of the owner's buckets. One to retry stands in the outbox again where it stood, and so
 * does what waited behind it, up to the next letter of the key. Gives the buckets that got rows back.
 */
export async function carryOutDecisions(sql: Sql, { owner }: { owner: string }): Promise<number[]> {
  const [due] = await sql`select 1 from outbox_dead where decision is not null limit 1`;
  if (due === undefined) return [];
  const back = await sql<{ bucket: number }[]>`
    with held as materialized (select bucket from outbox_lease
        where owner = ${owner} and expires_at > clock_timestamp() order by bucket for update),
      decided as (delete from outbox_dead d using held h where d.bucket = h.bucket and d.decision is not null returning d.*),
      behind as (delete from outbox_dead b using decided d
        where b.topic = d.topic and b.key = d.key and b.reason is null and not exists (select from outbox_dead x
          where x.topic = b.topic and x.key = b.key and x.parks_key and x.decision is null and x.id < b.id) returning b.*)
    insert into outbox (bucket, id, tenant, topic, key, event_id, type, payload, headers, created_at) overriding system value
      select bucket, id, tenant, topic, key, event_id, type, payload, headers, created_at
        from (select * from decided where decision = 'RETRY' union all select * from behind) again
      returning bucket`;
  return [...new Set(back.map(({ bucket }) => bucket))];
}
