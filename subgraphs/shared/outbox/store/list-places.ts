import type { Sql } from "../../postgres/connect.ts";

/** Where a row waits, and of which key it is. */
export interface OutboxPlace {
  bucket: number;
  id: string;
  topic: string;
  key: string;
}

/** The next rows of each bucket after one, in their order, without what is in them; `limit` is that of one bucket. */
export async function listPlaces(
  sql: Sql,
  { after, limit }: { after: readonly { bucket: number; id: string }[]; limit: number },
): Promise<OutboxPlace[]> {
  return sql<OutboxPlace[]>`
    select o.bucket, o.id, o.topic, o.key
    from unnest(${after.map(({ bucket }) => bucket)}::smallint[], ${after.map(({ id }) => id)}::bigint[]) a(bucket, id) cross join lateral
      (select x.bucket, x.id, x.topic, x.key from outbox x where x.bucket = a.bucket and x.id > a.id order by x.id limit ${limit}) o
    order by o.bucket, o.id`;
}
