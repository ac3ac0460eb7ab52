import type { Tx } from "@soma/shared/postgres/connect";

/** Lets a schedule rest, or go on with the tick `nextAt`. */
export async function setSchedulePaused(
  tx: Tx,
  params: { tenant: string; scheduleId: string; isPaused: boolean; nextAt: Date | null },
): Promise<void> {
  await tx`update schedule set is_paused = ${params.isPaused}, next_at = ${params.nextAt}
    where tenant = ${params.tenant} and schedule_id = ${params.scheduleId} and is_paused <> ${params.isPaused}`;
}
