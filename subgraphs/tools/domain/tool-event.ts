import type { EventTypes } from "@soma/schemas/events";
import { EVENT_STATUS, type FinalStatus } from "./invocation.ts";

export interface FinishedInvocation {
  tenant: string;
  invocationId: string;
  runId: string | null;
  stepId: string | null;
  tool: string;
  isolation: string;
  decisionId: string;
  traceId: string;
  status: FinalStatus;
  errorType: string | null;
  executionMs: number;
  outputBytes: number;
}

/** The run of a call, or the call itself when it belongs to none: the key of its events. */
export function runOf(invocation: { runId: string | null; invocationId: string }): string {
  return invocation.runId ?? invocation.invocationId;
}

/** The agent.tools.v1 event of a finished invocation. A call outside a run is its own run with one step. */
export function toToolEvent(invocation: FinishedInvocation): EventTypes["agent.tools.v1"] {
  return {
    run_id: runOf(invocation),
    step_id: invocation.stepId ?? `${invocation.invocationId}.1`,
    tool_name: invocation.tool,
    status: EVENT_STATUS[invocation.status],
    tool_execution_ms: Math.max(0, invocation.executionMs),
    trace_id: invocation.traceId,
    ...(invocation.errorType === null ? {} : { tool_error_type: invocation.errorType }),
    payload_size: invocation.outputBytes,
    tenant: invocation.tenant,
    invocation_id: invocation.invocationId,
    sandbox: invocation.isolation,
    decision_id: invocation.decisionId,
  };
}
