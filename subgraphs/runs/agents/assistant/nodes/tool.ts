import type { NodeResult, NodeSpec } from "@soma/sdk/node";
import { type CallAnswer, decideCall, invokeDecided, parseArguments } from "@soma/sdk/tool-call";
import {
  type AssistantState,
  answerCall,
  describeCall,
  firstCall,
  type PendingCall,
  REMEMBER_TOOL,
  toKeyed,
} from "../assistant-state.ts";
import { keepFact } from "./keep-fact.ts";
import { refused } from "./policy.ts";

/** Makes the first pending call, which policy has allowed, and copies its output into the history as it comes. */
export const toolNode: NodeSpec<AssistantState> = {
  type: "tool",
  copiesStreams: true,
  retry: { maxAttempts: 6, initialMs: 200, maxMs: 60_000 },
  summary: (state) => `Calling ${firstCall(state).name}`,
  inputSummary: (state) => describeCall(firstCall(state)),
  async run(state, context) {
    const call = firstCall(state);
    const { args = {} } = parseArguments(call);
    // Asked again because a decision's token is never kept: the same key gives the same decision.
    const keyed = toKeyed(context.run, call, args);
    const decision = await decideCall(keyed, context);
    if (decision === undefined) return refused(state, call, `there is no tool "${call.name}"`, null);
    if (!decision.allow) return refused(state, call, decision.reason, decision.id);
    if (call.name === REMEMBER_TOOL) return keepFact(state, args, context);
    return toResult(state, call, await invokeDecided(keyed, decision.token ?? "", context));
  },
};

function toResult(
  state: AssistantState,
  call: PendingCall,
  { id, status, output, error }: CallAnswer,
): NodeResult<AssistantState> {
  const good = status === "SUCCEEDED" || status === "TRUNCATED";
  const ended = status.toLowerCase().replaceAll("_", " ");
  return {
    patch: answerCall(state, good ? { status, output: output ?? "" } : { status, error: error?.message ?? ended }),
    summary: good ? `${call.name} answered` : `${call.name} ended ${ended}: ${error?.message ?? "no reason given"}`,
    outputSummary: `${status}, ${Buffer.byteLength(output ?? "")} bytes${error === null ? "" : `, ${error.type}`}`,
    output: { tool: call.name, status, invocationId: id, output: output ?? "", error: error?.message ?? null },
  };
}
