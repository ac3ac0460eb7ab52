import type { NodeResult, NodeSpec, StepContext } from "@soma/sdk/node";
import { rememberTool } from "@soma/sdk/remember-tool";
import type { CatalogTool, PolicyDecision } from "@soma/sdk/services";
import {
  type AssistantState,
  answerCall,
  callKey,
  describeCall,
  firstCall,
  type PendingCall,
  parseArguments,
  REMEMBER_TOOL,
} from "../assistant-state.ts";

/**
 * Asks the policy before a tool call. One that cannot be reached now is waited for; what keeps it from answering for good
 * means no: a call is made only on a decision that allows it.
 */
export const policyNode: NodeSpec<AssistantState> = {
  type: "policy",
  summary: (state) => `May ${firstCall(state).name} be called?`,
  inputSummary: (state) => describeCall(firstCall(state)),
  async run(state, context) {
    const call = firstCall(state);
    const args = parseArguments(call);
    if (args === undefined) return refused(state, call, "the arguments are not a JSON object", null);
    const answer = await decide(call, args, context);
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

/**
 * The decision for a call; undefined when there is no such tool. The key makes it one decision over retries: asking again
 * gives the same one, with a token that is good again, or a new decision when the old one has expired.
 */
export async function decide(
  call: PendingCall,
  args: { [key: string]: unknown },
  { services, run }: StepContext,
): Promise<PolicyDecision | undefined> {
  const tool =
    call.name === REMEMBER_TOOL
      ? { version: rememberTool.version, risk: rememberTool.risk.toUpperCase() as CatalogTool["risk"] }
      : (await services.tools.list()).find((known) => known.name === call.name);
  if (tool === undefined) return undefined;
  return services.policy.decide({
    tool: call.name,
    toolVersion: tool.version,
    risk: tool.risk,
    args,
    idempotencyKey: callKey(run, call),
  });
}
