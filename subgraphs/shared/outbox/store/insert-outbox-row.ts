import type { EventRecord } from "../../bus/event-record.ts";
import type { Tx } from "../../postgres/connect.ts";

/** Buckets of an outbox; the migration makes one lease for each. */
const BUCKETS = 64;

/** Puts a record into the bucket of its key. Belongs in the transaction that made the event true. */
export async function insertOutboxRow(
  tx: Tx,
  { tenant, eventId, type, record }: { tenant: string; eventId: string; type: string; record: EventRecord },
): Promise<void> {
  await tx`insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
    values (((hashtextextended(${`${tenant}/${record.key}`}, 0) % ${BUCKETS}::bigint) + ${BUCKETS}::bigint) % ${BUCKETS}::bigint,
      ${tenant}, ${record.topic}, ${record.key}, ${eventId}, ${type}, ${record.value}, ${tx.json(record.headers)})`;
}
