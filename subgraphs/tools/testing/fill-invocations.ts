import { newId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";

interface FillInvocationsParams {
  tenant: string;
  runId: string;
  count: number;
  /** Milliseconds since 1970 at which the first one started; each next one started one later. */
  fromMs: number;
  status?: string;
  /** A part of all step ids; the step of invocation n is `<step>.<n>`. */
  step?: string;
}

/** Invocations of a run that ended long ago, each with two frames; gives their ids, oldest first. */
export async function fillInvocations(owner: Sql, params: FillInvocationsParams): Promise<string[]> {
  const { tenant, runId, count, fromMs, status = "SUCCEEDED", step = runId } = params;
  const ids = Array.from({ length: count }, (_, i) => newId("Invocation", fromMs + i));
  await owner`insert into invocation (tenant, invocation_id, idempotency_key, actor, tool, tool_version, effect, isolation, args,
      args_digest, decision_id, run_id, step_id, trace_id, status, executor_id, started_at)
    select ${tenant}, id, id, 'user:ada', 'clock', '1', 'pure', 'none', '{}', '', gen_random_uuid(), ${runId},
      ${step} || '.' || n, '', ${status}, gen_random_uuid(), to_timestamp((${fromMs}::float8 + n) / 1000)
      from unnest(${ids}::uuid[]) with ordinality i(id, n)`;
  await owner`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
    select ${tenant}, id, 1, seq, seq, case seq when 0 then 'start' else 'data' end, case seq when 1 then 'said' end
      from unnest(${ids}::uuid[]) i(id), generate_series(0, 1) seq`;
  return ids;
}
