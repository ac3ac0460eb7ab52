import type { Json } from "@soma/schemas/json";
import type { Effect, Isolation } from "@soma/sdk/define-tool";
import type { Tx } from "@soma/shared/postgres/connect";

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
}

/** Writes the intent. False when the invocation exists; of two at once, one waits here for the other. */
export async function insertInvocation(tx: Tx, params: InsertInvocationParams): Promise<boolean> {
  const rows =
    await tx`insert into invocation (tenant, invocation_id, idempotency_key, actor, tool, tool_version, effect, isolation,
      args, args_digest, decision_id, run_id, step_id, trace_id, executor_id)
    values (${params.tenant}, ${params.invocationId}, ${params.idempotencyKey}, ${params.actor}, ${params.tool},
      ${params.toolVersion}, ${params.effect}, ${params.isolation}, ${tx.json(params.args as never)}, ${params.argsDigest},
      ${params.decisionId}, ${params.runId}, ${params.stepId}, ${params.traceId}, ${params.executorId})
    on conflict (tenant, invocation_id) do nothing returning 1`;
  return rows.length === 1;
}
