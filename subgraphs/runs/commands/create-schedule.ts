import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { digest, toStorableText } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { firstTick, MAX_NAME, MAX_SCHEDULES, type Overlap } from "../domain/schedule.ts";
import { findSchedule } from "../store/find-schedule.ts";
import { insertSchedule } from "../store/insert-schedule.ts";
import { insertSession } from "../store/insert-session.ts";
import { listSchedules } from "../store/list-schedules.ts";
import type { ScheduleRow } from "../store/tables.ts";
import { checkStart, type StartRunDeps } from "./start-run.ts";

export interface CreateScheduleParams {
  name: string;
  cron: string;
  timeZone: string;
  overlap: Overlap;
  graph: string;
  input: unknown;
  role?: string | null | undefined;
  modelProfile?: string | null | undefined;
  idempotencyKey: string;
}

/**
 * Makes a schedule, whose runs act for who made it. What it starts is checked as if it were started now. The same key with the
 * same body gives the same schedule, with another body IDEMPOTENCY_CONFLICT.
 */
export async function createSchedule(
  deps: StartRunDeps & { sql: Sql },
  principal: Principal,
  params: CreateScheduleParams,
): Promise<ScheduleRow> {
  const { tenant, subject: createdBy } = principal;
  const { cron, timeZone, overlap, idempotencyKey: idemKey } = params;
  checkIdempotencyKey(idemKey);
  const name = toStorableText(params.name).trim();
  if (name === "" || name.length > MAX_NAME)
    throw new SomaError(
      "BAD_INPUT",
      `the name of a schedule is 1 to ${MAX_NAME} characters, and this is ${name.length}`,
    );
  const createdAt = deps.now();
  const nextAt = firstTick({ cron, timeZone }, createdAt);
  const { graph, input, role, modelProfile } = checkStart(deps, principal, params);
  const idemDigest = digest([
    ...[name, cron, timeZone, overlap, params.graph, input],
    params.role ?? null,
    params.modelProfile ?? null,
  ]);

  return transaction(deps.sql, { tenant }, async (tx) => {
    const known = await findSchedule(tx, { tenant, idemKey });
    if (known !== undefined) return sameSchedule(known, idemDigest);
    const count = (await listSchedules(tx)).length;
    if (count >= MAX_SCHEDULES)
      throw new SomaError(
        "BAD_INPUT",
        `tenant ${tenant} has ${count} schedules, which is the most it may have; delete one first`,
      );
    const sessionId = overlap === "QUEUE" ? newId("Session") : null;
    if (sessionId !== null) await insertSession(tx, { tenant, sessionId, createdBy });
    const ticks = { cron, timeZone, nextAt };
    const starts = { graph: graph.name, input, role, modelProfile, sessionId };
    const keys = { idemKey, idemDigest, createdAt };
    await insertSchedule(tx, { tenant, scheduleId: newId(), name, overlap, createdBy, ...ticks, ...starts, ...keys });
    const row = await findSchedule(tx, { tenant, idemKey });
    if (row === undefined) throw new SomaError("INTERNAL", `schedule "${name}" was written and cannot be read`);
    return sameSchedule(row, idemDigest);
  });
}

function sameSchedule(row: ScheduleRow, idemDigest: string): ScheduleRow {
  if (row.idemDigest === idemDigest) return row;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${row.idemKey}" belongs to schedule ${row.scheduleId}, which was made with another body; use a new key`,
  );
}
