import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredJson } from "../domain/big-values.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { ANY_SIGNAL } from "../domain/signal-input.ts";
import { keepValues } from "./keep-values.ts";

export interface AppendSignalParams {
  runId: string;
  tenant: string;
  name: string;
  payload: Json;
  sentBy: string;
  idemKey: string;
  idemDigest: string;
}

/**
 * Appends a signal to those of a run, whose row the transaction has locked; a run that is parked for it is due at once.
 * Gives its number.
 */
export async function appendSignal(tx: Tx, params: AppendSignalParams): Promise<number> {
  const { runId, tenant, name, sentBy, idemKey, idemDigest } = params;
  const [{ no = 0 } = {}] = await tx<{ no: number }[]>`
    update run set signals = signals + 1,
        available_at = case when status in (${RUN_STATUS.PARKED.code}, ${RUN_STATUS.WAITING_APPROVAL.code}) and waits_for in (${name}, ${ANY_SIGNAL}) then clock_timestamp() else available_at end
      where run_id = ${runId} returning signals as no`;
  const payload = toStoredJson(params.payload);
  // A statement of its own: the rule that a signal has the number its run was given sees what came before it.
  await tx`
    insert into signal (run_id, no, tenant, name, payload, sent_by, idem_key, idem_digest)
    values (${runId}, ${no}, ${tenant}, ${name}, ${JSON.stringify(payload.json)}::text::jsonb, ${sentBy}, ${idemKey}, ${idemDigest})`;
  await keepValues(tx, { tenant, stored: [payload] });
  return no;
}
