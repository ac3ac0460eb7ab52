import type { Json } from "@soma/schemas/json";
import type { Effect, Isolation } from "@soma/sdk/define-tool";
import type { Tx } from "@soma/shared/postgres/connect";
import type { AskedBy } from "../domain/tool-result.ts";

export interface InsertInvocationParams {
  tenant: string;
  invocationId: string;
  idempotencyKey: string;
  actor: string;
  tool: string;
  toolVersion: string;
  effect: Effect;
  isolation: Isolation;
  args: Json;
  argsDigest: string;
  decisionId: string;
  runId: string | null;
  stepId: string | null;
  traceId: string;
  executorId: string;
  /** The request on the bus that it answers; left out for every other call. */
  askedBy?: AskedBy | undefined;
}

/** Writes the intent. False when the invocation exists; of two at once, one waits here for the other. */
export async function insertInvocation(tx: Tx, params: InsertInvocationParams): Promise<boolean> {
  const rows =
    await tx`insert into invocation (tenant, invocation_id, idempotency_key, actor, tool, tool_version, effect, isolation,
      args, args_digest, decision_id, run_id, step_id, trace_id, executor_id, asked_by)
    values (${params.tenant}, ${params.invocationId}, ${params.idempotencyKey}, ${params.actor}, ${params.tool},
      ${params.toolVersion}, ${params.effect}, ${params.isolation}, ${tx.json(params.args as never)}, ${params.argsDigest},
      ${params.decisionId}, ${params.runId}, ${params.stepId}, ${params.traceId}, ${params.executorId},
      ${params.askedBy === undefined ? null : tx.json(params.askedBy as never)})
    on conflict (tenant, invocation_id) do nothing returning 1`;
  return rows.length === 1;
}
