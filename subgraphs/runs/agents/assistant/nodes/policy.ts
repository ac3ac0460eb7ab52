import type { NodeResult, NodeSpec } from "@soma/sdk/node";
import { decideCall, parseArguments } from "@soma/sdk/tool-call";
import {
  type AssistantState,
  answerCall,
  describeCall,
  firstCall,
  type PendingCall,
  toKeyed,
} from "../assistant-state.ts";

/**
 * Asks the policy before a tool call. One that cannot be reached now is waited for; what keeps it from answering for
 * good means no: a call is made only on a decision that allows it.
 */
export const policyNode: NodeSpec<AssistantState> = {
  type: "policy",
  summary: (state) => `May ${firstCall(state).name} be called?`,
  inputSummary: (state) => describeCall(firstCall(state)),
  async run(state, context) {
    const call = firstCall(state);
    const asked = parseArguments(call);
    if (asked.args === undefined) return refused(state, call, asked.fault, null);
    const answer = await decideCall(toKeyed(context.run, call, asked.args), context);
    if (answer === undefined) return refused(state, call, `there is no tool "${call.name}"`, null);
    if (!answer.allow) return refused(state, call, answer.reason, answer.id);
    return {
      patch: { allowed: true },
      summary: `${call.name} is allowed`,
      outputSummary: "allowed",
      output: { tool: call.name, allow: true, reason: answer.reason, decisionId: answer.id },
    };
  },
  giveUp: (state, error) => refused(state, firstCall(state), `policy_error: ${error.message}`, null),
};

/** A call that is not made, and the reason the model and the people read. */
export function refused(
  state: AssistantState,
  call: PendingCall,
  reason: string,
  decisionId: string | null,
): NodeResult<AssistantState> {
  return {
    denied: true,
    patch: answerCall(state, { status: "DENIED", reason }),
    summary: `${call.name} is not allowed: ${reason}`,
    outputSummary: "denied",
    output: { tool: call.name, allow: false, reason, decisionId },
  };
}
