import type { Tx } from "@soma/shared/postgres/connect";
import { requestRunCancel } from "../store/request-run-cancel.ts";

interface CancelInvocationsOfRunParams {
  tenant: string;
  runId: string;
}

/**
 * Stops what still runs for a run, wherever it runs: whoever runs it hears of the request within a moment. In the transaction
 * of the event that told of the run's end, so that it is asked once.
 */
export function cancelInvocationsOfRun(tx: Tx, params: CancelInvocationsOfRunParams): Promise<void> {
  return requestRunCancel(tx, params);
}
