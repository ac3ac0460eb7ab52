import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq } from "drizzle-orm";
import { type ScheduleRow, schedule } from "./tables.ts";

/** A schedule of a tenant, by its id or by the key it was made under. */
export async function findSchedule(
  tx: Tx,
  { tenant, ...by }: { tenant: string } & ({ scheduleId: string } | { idemKey: string }),
): Promise<ScheduleRow | undefined> {
  const wanted = "scheduleId" in by ? eq(schedule.scheduleId, by.scheduleId) : eq(schedule.idemKey, by.idemKey);
  const [row] = await queryOn(tx)
    .select()
    .from(schedule)
    .where(and(eq(schedule.tenant, tenant), wanted));
  return row;
}
