import type { Sql } from "@soma/shared/postgres/connect";

export interface SettleTickParams {
  tenant: string;
  scheduleId: string;
  tickAt: Date;
  nextAt: Date | null;
  /** The run it started; null when it started none, for the reason of `fault`. */
  runId: string | null;
  fault: string | null;
}

/**
 * Notes what came of a tick and gives the lease back. A schedule that was paused meanwhile, or has moved on, keeps when it is due; what
 * came of a later tick is not overwritten.
 */
export async function settleTick(sql: Sql, params: SettleTickParams): Promise<void> {
  await sql`update schedule set last_tick_at = ${params.tickAt}, fault = ${params.fault},
      last_run_id = coalesce(${params.runId}::uuid, last_run_id), leased_until = '-infinity',
      next_at = case when next_at = ${params.tickAt} then ${params.nextAt} else next_at end
    where tenant = ${params.tenant} and schedule_id = ${params.scheduleId}
      and (last_tick_at is null or last_tick_at <= ${params.tickAt})`;
}
