import type { Tx } from "@soma/shared/postgres/connect";

/** Every column of an invocation under the name it has in InvocationRow, for the select list of a read. */
export const invocationColumns = (tx: Tx) =>
  tx`tenant, invocation_id as "invocationId", idempotency_key as "idempotencyKey", actor, tool,
    tool_version as "toolVersion", effect, isolation, args, args_digest as "argsDigest", decision_id as "decisionId",
    run_id as "runId", step_id as "stepId", trace_id as "traceId", status, attempt, executor_id as "executorId",
    first_frame as "firstFrame", cancel_requested as "cancelRequested", output_bytes as "outputBytes",
    error_type as "errorType", error_message as "errorMessage", execution_ms as "executionMs",
    started_at as "startedAt", finished_at as "finishedAt", lost_at as "lostAt",
    given_back as "givenBack", asked_by as "askedBy"`;
