import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { parseReason } from "@soma/shared/parse-reason";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { checkNotErased } from "../domain/custody.ts";
import { findHold } from "../store/find-hold.ts";
import { insertHold } from "../store/insert-hold.ts";
import { lockLineage } from "../store/lock-lineage.ts";
import type { HoldRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";
import { requireCustodian } from "./require-custodian.ts";

export interface HoldRunParams {
  runId: string;
  reason: string;
  idempotencyKey: string;
}

/**
 * Keeps a run from being erased and from going away by its age, until this hold is released; several keep it each. The same key
 * with the same body gives the same hold, also one that was released since.
 */
export async function holdRun(sql: Sql, principal: Principal, params: HoldRunParams): Promise<HoldRow> {
  checkIdempotencyKey(params.idempotencyKey);
  requireCustodian(principal);
  const { tenant, subject: heldBy } = principal;
  const { idempotencyKey: idemKey } = params;
  const reason = parseReason(params.reason);
  return transaction(sql, { tenant }, async (tx) => {
    const known = await findHold(tx, { tenant, idemKey });
    if (known !== undefined) return sameHold(known, { ...params, reason });
    const { runId } = await getRun(tx, params);
    // Also the runs it was forked from, whose events are its history.
    const locked = await lockLineage(tx, { runId, strength: "NO_KEY_UPDATE" });
    if (!locked.some((run) => run.runId === runId))
      throw new SomaError("NOT_FOUND", `run ${runId} went away by its age just now`);
    checkNotErased(locked);
    await insertHold(tx, { tenant, holdId: newId(), runId, reason, heldBy, idemKey });
    const row = await findHold(tx, { tenant, idemKey });
    if (row === undefined) throw new SomaError("INTERNAL", `the hold of run ${runId} was written and cannot be read`);
    return sameHold(row, { ...params, reason });
  });
}

function sameHold(row: HoldRow, { runId, reason }: HoldRunParams): HoldRow {
  if (row.runId === runId && row.reason === reason) return row;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${row.idemKey}" belongs to hold ${row.holdId} of run ${row.runId}, which was made with another body; use a new key`,
  );
}
