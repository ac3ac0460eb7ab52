import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { clip, toStorableText } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { lockTree } from "../store/lock-tree.ts";
import { requestCancel } from "../store/request-cancel.ts";
import type { RunRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";

export interface CancelRunParams {
  runId: string;
  reason?: string | null | undefined;
  idempotencyKey: string;
}

/**
 * Asks a run to stop, and with it every run it has started, in one transaction. The request is durable when this returns: the
 * run's owner reads it with its next write or look, and starts no effect after it. A run nobody owns is canceled by whoever
 * claims it, when its turn comes. Finished runs are returned as they are.
 */
export async function cancelRun(sql: Sql, principal: Principal, params: CancelRunParams): Promise<RunRow> {
  checkIdempotencyKey(params.idempotencyKey);
  return transaction(sql, { tenant: principal.tenant }, async (tx) => {
    const { runId } = await getRun(tx, params);
    await lockTree(tx, { runId });
    await requestCancel(tx, { runId, reason: clip(toStorableText(params.reason ?? ""), 1_000) });
    return getRun(tx, params);
  });
}
