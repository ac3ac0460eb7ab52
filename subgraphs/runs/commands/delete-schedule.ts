import type { Principal } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { deleteSchedule as deleteRow } from "../store/delete-schedule.ts";
import type { ScheduleRow } from "../store/tables.ts";
import { getSchedule } from "./get-schedule.ts";

/** Deletes a schedule, and gives what it was. Runs it started go on. */
export async function deleteSchedule(
  sql: Sql,
  { tenant }: Principal,
  { scheduleId }: { scheduleId: string },
): Promise<ScheduleRow> {
  return transaction(sql, { tenant }, async (tx) => {
    const schedule = await getSchedule(tx, { tenant, scheduleId });
    await deleteRow(tx, { tenant, scheduleId });
    return schedule;
  });
}
