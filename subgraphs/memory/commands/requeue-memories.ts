import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { OPERATOR, type Principal, requireRole } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { parseInstant } from "../domain/instant.ts";
import { requeueUnsynced, retryRefused } from "../store/requeue-unsynced.ts";

const MOST = 10_000;

interface RequeueParams {
  which: "REFUSED" | "ALL";
  since?: string | null | undefined;
  idempotencyKey: string;
}

/** Has memories brought to SomaBrain again; how many. The state is what is wanted, so that a second call changes nothing. */
export async function requeueMemories(
  deps: { sql: Sql },
  principal: Principal,
  { which, since, idempotencyKey }: RequeueParams,
): Promise<number> {
  requireRole(principal, OPERATOR);
  checkIdempotencyKey(idempotencyKey);
  const from = since === undefined || since === null ? undefined : parseInstant("since", since);
  return transaction(deps.sql, { tenant: principal.tenant }, (tx) =>
    which === "REFUSED" ? retryRefused(tx) : requeueUnsynced(tx, { since: from, limit: MOST }),
  );
}
