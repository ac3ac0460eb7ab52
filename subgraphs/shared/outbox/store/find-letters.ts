import type { Tx } from "../../postgres/connect.ts";

export interface LetterRow {
  eventId: string;
  type: string;
  topic: string;
  key: string;
  reason: string;
  parkedAt: Date;
  parksKey: boolean;
  /** Null where it is not asked for. */
  payload: string | null;
}

/** Of what a letter says, so much is shown: the event may be larger than anything that was meant. */
const SHOWN = 65_536;

/** Dead letters of the tenant that wait for a person, in the order of their events. */
export async function listLetters(
  tx: Tx,
  { tenant, after, limit }: { tenant: string; after: string | null; limit: number },
): Promise<LetterRow[]> {
  return tx<LetterRow[]>`
    select event_id as "eventId", type, topic, key, reason, parked_at as "parkedAt", parks_key as "parksKey", null as payload
      from outbox_dead where tenant = ${tenant} and reason is not null and decision is null
        and (${after}::uuid is null or event_id > ${after}::uuid)
      order by event_id limit ${limit}`;
}

/** One of them, with the beginning of what it says. */
export async function findLetter(
  tx: Tx,
  { tenant, eventId }: { tenant: string; eventId: string },
): Promise<LetterRow | undefined> {
  const [row] = await tx<LetterRow[]>`
    select event_id as "eventId", type, topic, key, reason, parked_at as "parkedAt", parks_key as "parksKey", left(payload, ${SHOWN}) as payload
      from outbox_dead where tenant = ${tenant} and event_id = ${eventId} and reason is not null and decision is null`;
  return row;
}
