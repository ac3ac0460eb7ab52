import type { Sql } from "../../postgres/connect.ts";

/** Where a row waits, and of which key it is. */
export interface OutboxPlace {
  bucket: number;
  id: string;
  topic: string;
  key: string;
}

/** How far the rows of a bucket were passed. */
export interface Walk {
  /** Nothing with this number or a lower one is looked at again. */
  id: string;
  /** How far was looked, and which transactions may have written below it what was not seen: those before the horizon. */
  next?: { id: string; horizon: string };
}

export interface ListedPlace extends OutboxPlace {
  /** The transaction that begins next. */
  horizon: string;
  /** Whether all transactions before the horizon of the walk are over, so that this look saw what they wrote. */
  isOver: boolean;
}

/** The next rows of each bucket behind its walk, in their order, without what is in them; `limit` is that of one bucket. */
export async function listPlaces(
  sql: Sql,
  { from, limit }: { from: readonly ({ bucket: number } & Walk)[]; limit: number },
): Promise<ListedPlace[]> {
  const column = <T>(pick: (walk: { bucket: number } & Walk) => T): T[] => from.map(pick);
  return sql<ListedPlace[]>`
    select o.bucket, o.id, o.topic, o.key, pg_snapshot_xmax(pg_current_snapshot())::text as horizon,
      pg_snapshot_xmin(pg_current_snapshot()) >= w.horizon::xid8 as "isOver"
    from unnest(${column(({ bucket }) => bucket)}::smallint[], ${column(({ id }) => id)}::bigint[],
                ${column(({ next }) => next?.horizon ?? "0")}::text[]) w(bucket, id, horizon)
    cross join lateral
      (select x.bucket, x.id, x.topic, x.key from outbox x where x.bucket = w.bucket and x.id > w.id order by x.id limit ${limit}) o
    order by o.bucket, o.id`;
}
