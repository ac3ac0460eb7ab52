import type { Tx } from "@soma/shared/postgres/connect";

/** Lets go what a hold keeps; one that was released before stays as it is. */
export async function releaseHold(
  tx: Tx,
  params: { tenant: string; holdId: string; reason: string; releasedBy: string },
): Promise<void> {
  const { tenant, holdId, reason, releasedBy } = params;
  await tx`update hold set release_reason = ${reason}, released_by = ${releasedBy}, released_at = clock_timestamp()
    where tenant = ${tenant} and hold_id = ${holdId} and released_at is null`;
}
