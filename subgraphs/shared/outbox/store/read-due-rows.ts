import type { EventRecord } from "../../bus/event-record.ts";
import type { Sql } from "../../postgres/connect.ts";

export interface OutboxRow {
  bucket: number;
  id: string;
  /** Epoch of the lease it was read under. */
  epoch: string;
  eventId: string;
  tenant: string;
  type: string;
  record: EventRecord;
  /** Whether a letter of its key that is not decided stands before it. */
  isBehind: boolean;
}

interface ReadDueRowsParams {
  owner: string;
  /** Rows of one bucket at most. */
  perBucket: number;
  /** Of these buckets, only the rows of `ids`. */
  chosen: { buckets: readonly number[]; ids: readonly string[] };
}

type Read = Omit<OutboxRow, "record"> & EventRecord;

/**
 * The oldest rows of each bucket the owner holds for at least five more seconds, in the order they leave. By the bucket of the
 * lease, since they are read in that order: by their own all were sorted at once, on disk. Letters are looked for when there are any.
 */
export async function readDueRows(sql: Sql, { owner, perBucket, chosen }: ReadDueRowsParams): Promise<OutboxRow[]> {
  const buckets = sql`${[...chosen.buckets]}::smallint[]`;
  const rows = await sql<Read[]>`
    select o.bucket, o.id, l.epoch, o.event_id as "eventId", o.tenant, o.type, o.topic, o.key, o.headers, o.payload as value,
      (select exists (select from outbox_dead))
        and exists (select from outbox_dead d where d.topic = o.topic and d.key = o.key and d.parks_key and d.id < o.id) as "isBehind"
    from outbox_lease l cross join lateral
      ((select * from outbox x where x.bucket = l.bucket and l.bucket <> all (${buckets}) order by x.id limit ${perBucket})
       union all
       (select * from outbox x where x.bucket = l.bucket and l.bucket = any (${buckets}) and x.id = any (${[...chosen.ids]}::bigint[]))) o
    where l.owner = ${owner} and l.expires_at > clock_timestamp() + interval '5 seconds'
    order by l.bucket, o.id`;
  // Named one by one: what is spread takes four times as long.
  return rows.map(({ bucket, id, epoch, eventId, tenant, type, isBehind, topic, key, headers, value }) => ({
    bucket,
    id,
    epoch,
    eventId,
    tenant,
    type,
    isBehind,
    record: { topic, key, headers, value },
  }));
}
