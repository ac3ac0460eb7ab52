import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";
import type { ScheduleRow } from "./tables.ts";

export type InsertScheduleParams = Omit<
  ScheduleRow,
  "input" | "isPaused" | "lastTickAt" | "lastRunId" | "fault" | "nextAt"
> & { input: Json; nextAt: Date };

/** False when the tenant has a schedule under the same idempotency key. */
export async function insertSchedule(tx: Tx, params: InsertScheduleParams): Promise<boolean> {
  const rows =
    await tx`insert into schedule (tenant, schedule_id, name, cron, time_zone, overlap, graph, input, role, model_profile, session_id,
      created_by, idem_key, idem_digest, created_at, next_at)
    values (${params.tenant}, ${params.scheduleId}, ${params.name}, ${params.cron}, ${params.timeZone}, ${params.overlap}, ${params.graph},
      ${tx.json(params.input as never)}, ${params.role}, ${params.modelProfile}, ${params.sessionId}, ${params.createdBy}, ${params.idemKey},
      ${params.idemDigest}, ${params.createdAt}, ${params.nextAt})
    on conflict (tenant, idem_key) do nothing returning schedule_id`;
  return rows.length === 1;
}
