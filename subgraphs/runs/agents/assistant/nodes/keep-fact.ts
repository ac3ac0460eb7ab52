import type { NodeResult, StepContext } from "@soma/sdk/node";
import { type AssistantState, answerCall, callKey, firstCall, REMEMBER_TOOL } from "../assistant-state.ts";

/** The tool "remember": under policy like any other, but its effect is a memory and it has no process of its own. */
export async function keepFact(
  state: AssistantState,
  args: { [key: string]: unknown },
  { services, run }: StepContext,
): Promise<NodeResult<AssistantState>> {
  const { text } = args;
  if (typeof text !== "string" || text.trim() === "") {
    return {
      patch: answerCall(state, { status: "FAILED", error: "remember needs a text" }),
      summary: "remember failed: it was given no text",
      outputSummary: "FAILED, no text",
      output: { tool: REMEMBER_TOOL, status: "FAILED" },
    };
  }
  const call = firstCall(state);
  const { memoryId, deduplicated } = await services.memory.remember({
    role: "USER",
    kind: "FACT",
    content: text,
    at: run.createdAt.toISOString(),
    meta: { call: call.id },
    idempotencyKey: callKey(run.runId, call),
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
