import type { EventRecord } from "@soma/shared/bus/event-record";
import { toRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { tellEmitted } from "@soma/shared/outbox/emitted";
import { transaction } from "@soma/shared/postgres/transaction";
import type { TestDatabase } from "@soma/shared/testing/database";
import { TYPE } from "./stage.ts";

/** Events of one commit. */
const AT_ONCE = 1_000;
const KEYS = 500;

/** An event whose `reason` is its number; with its headers, about a kilobyte. */
export function anEvent(tenant: string, number: number, eventId = newId()): EventRecord {
  const data = {
    event_id: eventId,
    category: "policy" as const,
    actor: "user:ada",
    subject: "tool:http_get",
    decision: "allow",
    reason: String(number),
    timestamp: new Date().toISOString(),
    meta: { text: "x".repeat(400) },
  };
  return toRecord({ type: TYPE, tenant, key: keyOf(number), data, eventId, at: new Date() });
}

const keyOf = (number: number): string => `key-${number % KEYS}`;

/** So many events of a tenant, numbered from 0. */
export const someEvents = (tenant: string, count: number): EventRecord[] =>
  Array.from({ length: count }, (_event, number) => anEvent(tenant, number));

/**
 * Commits events, as many in one statement as a bulk load has, and tells of each commit as emit() does: the relay is measured,
 * and not what comes before it.
 */
export async function fill({ owner }: TestDatabase, tenant: string, events: readonly EventRecord[]): Promise<void> {
  for (let from = 0; from < events.length; from += AT_ONCE) {
    const records = events.slice(from, from + AT_ONCE);
    await transaction(
      owner,
      {},
      (tx) => tx`
      insert into outbox (bucket, tenant, topic, key, event_id, type, payload, headers)
      select ((hashtextextended(${`${tenant}/`} || r.key, 0) % 64) + 64) % 64, ${tenant}, r.topic, r.key,
          (r.headers ->> 'ce_id')::uuid, ${TYPE}, r.value, r.headers
        from jsonb_to_recordset(${tx.json(records as never)}) r(topic text, key text, headers jsonb, value text)`,
    );
    tellEmitted(owner);
  }
}
