import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq, or } from "drizzle-orm";
import { type ScheduleRow, schedule } from "./tables.ts";

/** Schedules whose tick has come, the longest due first, for this worker alone until `leaseMs` have passed. */
export async function leaseSchedules(
  tx: Tx,
  { now, leaseMs, limit }: { now: Date; leaseMs: number; limit: number },
): Promise<ScheduleRow[]> {
  const leased = await tx<{ tenant: string; id: string }[]>`
    with due as (select tenant, schedule_id from schedule
      where not is_paused and next_at <= ${now} and leased_until <= ${now}
      order by next_at limit ${limit} for update skip locked)
    update schedule s set leased_until = ${new Date(now.getTime() + leaseMs)}
      from due where s.tenant = due.tenant and s.schedule_id = due.schedule_id returning s.tenant, s.schedule_id as id`;
  if (leased.length === 0) return [];
  return queryOn(tx)
    .select()
    .from(schedule)
    .where(or(...leased.map(({ tenant, id }) => and(eq(schedule.tenant, tenant), eq(schedule.scheduleId, id)))));
}
