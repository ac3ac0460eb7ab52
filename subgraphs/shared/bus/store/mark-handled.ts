import type { Tx } from "../../postgres/connect.ts";

/** Notes in the inbox that a consumer handles an event. False when it did before. */
export async function markHandled(
  tx: Tx,
  event: { consumer: string; tenant: string; eventId: string },
): Promise<boolean> {
  const rows = await tx`insert into inbox (consumer, tenant, event_id)
    values (${event.consumer}, ${event.tenant}, ${event.eventId}) on conflict do nothing returning 1`;
  return rows.length > 0;
}
