import type { Tx } from "@soma/shared/postgres/connect";
import type { HoldRow } from "./tables.ts";

export type InsertHoldParams = Pick<HoldRow, "tenant" | "holdId" | "runId" | "reason" | "heldBy" | "idemKey">;

/** Holds a run; nothing is changed when the tenant has a hold under the same idempotency key. Belongs under the lock of the run's row. */
export async function insertHold(tx: Tx, params: InsertHoldParams): Promise<void> {
  const { tenant, holdId, runId, reason, heldBy, idemKey } = params;
  await tx`insert into hold (tenant, hold_id, run_id, reason, held_by, idem_key)
    values (${tenant}, ${holdId}, ${runId}, ${reason}, ${heldBy}, ${idemKey}) on conflict (tenant, idem_key) do nothing`;
}
