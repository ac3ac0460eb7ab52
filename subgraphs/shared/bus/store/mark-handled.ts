import type { Tx } from "../../postgres/connect.ts";

/**
 * Notes in the inbox that a consumer handles an event. False when it did before; an event that comes again is remembered from
 * then on, and its row written at most once an hour.
 */
export async function markHandled(
  tx: Tx,
  event: { consumer: string; tenant: string; eventId: string },
): Promise<boolean> {
  const [row] = await tx<{ fresh: boolean }[]>`insert into inbox as known (consumer, tenant, event_id)
    values (${event.consumer}, ${event.tenant}, ${event.eventId})
    on conflict (consumer, tenant, event_id) do update set received_at = clock_timestamp()
      where known.received_at < clock_timestamp() - interval '1 hour'
    returning xmax = 0 as fresh`;
  return row?.fresh ?? false;
}
