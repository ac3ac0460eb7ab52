import type { EventRecord } from "@soma/shared/bus/event-record";
import type { Tx } from "@soma/shared/postgres/connect";

export interface DeadLetter {
  eventId: string;
  tenant: string;
  type: string;
  record: EventRecord;
  position: { seq: number };
  reason: string;
}

/** Keeps an event that cannot be delivered until a person decides. Belongs in the transaction in which `advanceRelay` was true. */
export async function insertDeadLetter(tx: Tx, letter: DeadLetter): Promise<void> {
  const { eventId, tenant, type, record, position, reason } = letter;
  await tx`insert into outbox_dead (event_id, tenant, topic, key, type, payload, headers, reason, id, parks_key)
    values (${eventId}, ${tenant}, ${record.topic}, ${record.key}, ${type}, ${record.value}, ${tx.json(record.headers)}, ${reason},
      ${position.seq}, true)
    on conflict (event_id) do nothing`;
}
