import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { requestPause } from "../store/request-pause.ts";
import type { RunRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";

export interface PauseRunParams {
  runId: string;
  /** True asks it to rest, false to go on. */
  pause: boolean;
  idempotencyKey: string;
}

/**
 * Asks a run to rest after the step it is in, or to go on. The request is durable when this returns. Finished runs, and those
 * that do already, are returned as they are.
 */
export async function pauseRun(sql: Sql, principal: Principal, params: PauseRunParams): Promise<RunRow> {
  checkIdempotencyKey(params.idempotencyKey);
  return transaction(sql, { tenant: principal.tenant }, async (tx) => {
    const { runId } = await getRun(tx, params);
    await requestPause(tx, { runId, pause: params.pause });
    return getRun(tx, params);
  });
}
