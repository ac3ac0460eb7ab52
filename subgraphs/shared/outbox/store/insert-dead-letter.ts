import type { EventRecord } from "../../bus/event-record.ts";
import type { Sql } from "../../postgres/connect.ts";

export interface DeadLetter {
  eventId: string;
  tenant: string;
  type: string;
  record: EventRecord;
  reason: string;
}

/** Keeps an event that cannot be delivered until a person decides; keeping it twice changes nothing. */
export async function insertDeadLetter(sql: Sql, { eventId, tenant, type, record, reason }: DeadLetter): Promise<void> {
  await sql`insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason)
    values (${eventId}, ${tenant}, ${record.topic}, ${record.key}, ${type}, ${record.value}, ${sql.json(record.headers)}, ${reason})
    on conflict (event_id) do nothing`;
}
