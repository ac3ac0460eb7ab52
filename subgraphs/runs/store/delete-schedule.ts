import type { Tx } from "@soma/shared/postgres/connect";

/** False when the tenant has no such schedule. Runs it started stay. */
export async function deleteSchedule(tx: Tx, params: { tenant: string; scheduleId: string }): Promise<boolean> {
  const rows = await tx`delete from schedule where tenant = ${params.tenant} and schedule_id = ${params.scheduleId}
    returning schedule_id`;
  return rows.length === 1;
}
