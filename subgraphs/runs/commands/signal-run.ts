import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { digest, toStorableJson } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { isFinished } from "../domain/run-status.ts";
import { checkSignal, MAX_SIGNALS } from "../domain/signal-input.ts";
import { appendSignal } from "../store/append-signal.ts";
import { findSignalByKey } from "../store/find-signal-by-key.ts";
import { lockRun } from "../store/lock-run.ts";
import type { RunRow } from "../store/tables.ts";
import { getRun } from "./get-run.ts";

export interface SignalRunParams {
  runId: string;
  name: string;
  payload?: unknown;
  idempotencyKey: string;
}

/**
 * Sends a signal to a run. It is durable when this returns, and wakes the first step that waits for its name, also one that
 * comes to wait later. The same key with the same signal changes nothing, with another one IDEMPOTENCY_CONFLICT.
 */
export async function signalRun(sql: Sql, principal: Principal, params: SignalRunParams): Promise<RunRow> {
  checkIdempotencyKey(params.idempotencyKey);
  const { name, idempotencyKey: idemKey } = params;
  const payload = toStorableJson(params.payload ?? null);
  checkSignal(name, payload);
  const idemDigest = digest([name, payload]);
  const { tenant, subject: sentBy } = principal;
  return transaction(sql, { tenant }, async (tx) => {
    const { runId } = await getRun(tx, params);
    const locked = await lockRun(tx, { runId });
    const known = await findSignalByKey(tx, { runId, idemKey });
    if (known !== undefined && known.idemDigest !== idemDigest)
      throw new SomaError(
        "IDEMPOTENCY_CONFLICT",
        `idempotency key "${idemKey}" belongs to another signal of run ${runId}; use a new key`,
      );
    if (known === undefined) {
      if (locked === undefined || isFinished(locked.status))
        throw new SomaError("BAD_INPUT", `run ${runId} has ended and hears no signal any more`);
      if (locked.signals >= MAX_SIGNALS)
        throw new SomaError(
          "BAD_INPUT",
          `run ${runId} has had ${MAX_SIGNALS} signals, which is the most a run may have`,
        );
      await appendSignal(tx, { runId, tenant, name, payload, sentBy, idemKey, idemDigest });
    }
    return getRun(tx, params);
  });
}
