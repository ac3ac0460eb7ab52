import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { asc } from "drizzle-orm";
import { type ScheduleRow, schedule } from "./tables.ts";

/** All schedules of the transaction's tenant, in the order in which they were made. */
export async function listSchedules(tx: Tx): Promise<ScheduleRow[]> {
  return queryOn(tx).select().from(schedule).orderBy(asc(schedule.scheduleId));
}
