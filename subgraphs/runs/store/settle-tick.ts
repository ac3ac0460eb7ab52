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

/** Notes what came of a tick and gives the lease back; nothing when the schedule has moved on meanwhile. */
export async function settleTick(sql: Sql, params: SettleTickParams): Promise<void> {
  await sql`update schedule set last_tick_at = ${params.tickAt}, next_at = ${params.nextAt}, fault = ${params.fault},
      last_run_id = coalesce(${params.runId}::uuid, last_run_id), leased_until = '-infinity'
    where tenant = ${params.tenant} and schedule_id = ${params.scheduleId} and next_at = ${params.tickAt}`;
}
