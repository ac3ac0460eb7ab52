import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import { parseReason } from "@soma/shared/parse-reason";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { findHold } from "../store/find-hold.ts";
import { releaseHold as release } from "../store/release-hold.ts";
import type { HoldRow } from "../store/tables.ts";
import { requireCustodian } from "./require-custodian.ts";

export interface ReleaseHoldParams {
  holdId: string;
  reason: string;
  idempotencyKey: string;
}

/** Lets go what a hold keeps; other holds of the same run go on. One that was released before is given as it is. */
export async function releaseHold(sql: Sql, principal: Principal, params: ReleaseHoldParams): Promise<HoldRow> {
  checkIdempotencyKey(params.idempotencyKey);
  requireCustodian(principal);
  const { tenant, subject: releasedBy } = principal;
  const reason = parseReason(params.reason);
  return transaction(sql, { tenant }, async (tx) => {
    const { holdId } = await getHold(tx, { tenant, ...params });
    await release(tx, { tenant, holdId, reason, releasedBy });
    return getHold(tx, { tenant, holdId });
  });
}

async function getHold(tx: Tx, { tenant, holdId }: { tenant: string; holdId: string }): Promise<HoldRow> {
  const row = isId(holdId) ? await findHold(tx, { tenant, holdId }) : undefined;
  if (row !== undefined) return row;
  throw new SomaError("NOT_FOUND", `there is no hold ${holdId.slice(0, 80)}; Run.holds has those of a run`);
}
