import type { Principal } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { findNextTick } from "../domain/schedule.ts";
import { setSchedulePaused } from "../store/set-schedule-paused.ts";
import type { ScheduleRow } from "../store/tables.ts";
import { getSchedule } from "./get-schedule.ts";

/** Lets a schedule rest, or go on with its next tick: those that came meanwhile are not made up for. */
export async function pauseSchedule(
  { sql, now }: { sql: Sql; now(): Date },
  { tenant }: Principal,
  { scheduleId, isPaused }: { scheduleId: string; isPaused: boolean },
): Promise<ScheduleRow> {
  return transaction(sql, { tenant }, async (tx) => {
    const schedule = await getSchedule(tx, { tenant, scheduleId });
    const nextAt = isPaused ? null : (findNextTick(schedule, now()) ?? null);
    await setSchedulePaused(tx, { tenant, scheduleId, isPaused, nextAt });
    return getSchedule(tx, { tenant, scheduleId });
  });
}
