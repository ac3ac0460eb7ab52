import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { findSchedule } from "../store/find-schedule.ts";
import type { ScheduleRow } from "../store/tables.ts";

/** A schedule of the transaction's tenant that a command is about. */
export async function getSchedule(tx: Tx, params: { tenant: string; scheduleId: string }): Promise<ScheduleRow> {
  const row = isId(params.scheduleId) ? await findSchedule(tx, params) : undefined;
  if (row === undefined) throw new SomaError("NOT_FOUND", `schedule ${params.scheduleId.slice(0, 80)} does not exist`);
  return row;
}
