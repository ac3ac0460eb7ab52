import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { parseReason } from "@soma/shared/parse-reason";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { erasePayloads } from "../store/erase-payloads.ts";
import { listForks } from "../store/list-forks.ts";
import { type ErasureObstacle, orderErasure } from "../store/order-erasure.ts";
import type { RunRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";
import { requireCustodian } from "./require-custodian.ts";

/** Payloads of one transaction: well within its limit of time. */
const AT_ONCE = 5_000;
const MAX_FORKS = 100;

export interface EraseRunParams {
  runId: string;
  reason: string;
  idempotencyKey: string;
}

export interface ErasedRun {
  run: RunRow;
  /** Runs that were forked from it and have contents of their own. */
  forks: RunRow[];
}

/**
 * Erases the contents of a run that has ended, with all that it has started, for good; kinds, times and digests of its events
 * stay. It is durable that this is done before the first payload goes: whoever dies on the way leaves the rest to the worker, or
 * to who asks again. Asking twice changes nothing, and the first reason stays.
 */
export async function eraseRun(
  sql: Sql,
  principal: Principal,
  params: EraseRunParams,
  atOnce = AT_ONCE,
): Promise<ErasedRun> {
  checkIdempotencyKey(params.idempotencyKey);
  requireCustodian(principal);
  const { tenant, subject: by } = principal;
  const reason = parseReason(params.reason);
  const runId = await transaction(sql, { tenant }, async (tx) => {
    const run = await getRun(tx, params);
    const found = await orderErasure(tx, { runId: run.runId, by, reason });
    if (found !== undefined) throw inTheWay(run.runId, found);
    return run.runId;
  });
  const erase = () => transaction(sql, { tenant }, (tx) => erasePayloads(tx, { runId, limit: atOnce }));
  while (await erase());
  return transaction(sql, { tenant }, async (tx) => ({
    run: await getRun(tx, { runId }),
    forks: await listForks(tx, { tenant, runId, limit: MAX_FORKS }),
  }));
}

function inTheWay(runId: string, { obstacle, runId: other }: ErasureObstacle): SomaError {
  const which = other === runId ? `run ${runId}` : `run ${other}, which run ${runId} has started,`;
  const words = {
    CHILD: `run ${runId} was started by another one, which has its answer; erase run ${other}, and this one goes with it`,
    NOT_ENDED: `${which} has not ended; cancel it, or wait for its end, and erase it then`,
    FORK_HELD: `run ${other}, whose history begins with events of run ${runId}, is held; its holds have to be released first`,
    HELD: `${which} is held, and not erased; its holds have to be released first`,
  };
  return new SomaError("BAD_INPUT", words[obstacle]);
}
