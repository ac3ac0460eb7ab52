import type { Tx } from "@soma/shared/postgres/connect";
import type { FinalStatus } from "../domain/invocation.ts";
import type { AskedBy } from "../domain/tool-result.ts";

interface SaveEndingParams {
  tenant: string;
  invocationId: string;
  status: FinalStatus;
  outputBytes: number;
  error: { type: string; message: string } | null;
  /** Milliseconds the tool ran; null when the one who knew died. */
  executionMs: number | null;
}

interface EndedInvocation {
  tool: string;
  isolation: string;
  decisionId: string;
  runId: string | null;
  stepId: string | null;
  traceId: string;
  askedBy: AskedBy | null;
}

/** Ends an invocation. Needs the row's lock. */
export async function saveEnding(tx: Tx, params: SaveEndingParams): Promise<EndedInvocation> {
  const [row] = await tx<
    EndedInvocation[]
  >`update invocation set status = ${params.status}, output_bytes = ${params.outputBytes},
      error_type = ${params.error?.type ?? null}, error_message = ${params.error?.message ?? null},
      execution_ms = ${params.executionMs}, finished_at = clock_timestamp()
    where tenant = ${params.tenant} and invocation_id = ${params.invocationId}
    returning tool, isolation, decision_id as "decisionId", run_id as "runId", step_id as "stepId",
      trace_id as "traceId", asked_by as "askedBy"`;
  if (row === undefined) throw new Error(`invocation ${params.invocationId} is gone, though its row was locked`);
  return row;
}
