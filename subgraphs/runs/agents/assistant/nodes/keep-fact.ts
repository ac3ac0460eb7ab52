import type { NodeResult, StepContext } from "@soma/sdk/node";
import { MAX_FACT_LENGTH } from "@soma/sdk/remember-tool";
import { type AssistantState, answerCall, callKey, firstCall, REMEMBER_TOOL } from "../assistant-state.ts";

/** The tool "remember": under policy like any other, but its effect is a memory and it has no process of its own. */
export async function keepFact(
  state: AssistantState,
  args: { [key: string]: unknown },
  { services, run }: StepContext,
): Promise<NodeResult<AssistantState>> {
  const { text } = args;
  if (typeof text !== "string" || text.trim() === "") return failed(state, "it was given no text");
  if (text.length > MAX_FACT_LENGTH)
    return failed(state, `the text has ${text.length} characters; a fact has at most ${MAX_FACT_LENGTH}`);
  const call = firstCall(state);
  const { memoryId, deduplicated } = await services.memory.remember({
    role: "USER",
    kind: "FACT",
    content: text,
    at: run.createdAt.toISOString(),
    meta: { call: call.id },
    idempotencyKey: callKey(run, call),
  });
  return {
    patch: {
      ...answerCall(state, { status: "SUCCEEDED", output: `remembered: ${text}` }),
      factIds: [memoryId],
    },
    summary: "Remembered a fact",
    outputSummary: `SUCCEEDED, a fact of ${text.length} characters`,
    output: { tool: REMEMBER_TOOL, status: "SUCCEEDED", memoryId, deduplicated },
  };
}

function failed(state: AssistantState, why: string): NodeResult<AssistantState> {
  return {
    patch: answerCall(state, { status: "FAILED", error: `nothing was remembered: ${why}` }),
    summary: `remember failed: ${why}`,
    outputSummary: "FAILED",
    output: { tool: REMEMBER_TOOL, status: "FAILED" },
  };
}
