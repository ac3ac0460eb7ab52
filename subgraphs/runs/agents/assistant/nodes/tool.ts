import type { NodeResult, NodeSpec, StepContext } from "@soma/sdk/node";
import type { ToolInvocation } from "@soma/sdk/services";
import { SomaError, toSomaError } from "@soma/shared/errors";
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
import { keepFact } from "./keep-fact.ts";
import { decide, refused } from "./policy.ts";

/** Beyond the tool's own limit: the tools subgraph ends a tool itself, this only covers its not answering. */
const ANSWER_MARGIN_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 30_000;
/** How long the last frames may take after the invocation was answered. */
const LAST_FRAMES_MS = 3_000;

/** Makes the first pending call, which policy has allowed, and copies its output into the history as it comes. */
export const toolNode: NodeSpec<AssistantState> = {
  type: "tool",
  copiesStreams: true,
  retry: { maxAttempts: 6, initialMs: 200, maxMs: 60_000 },
  summary: (state) => `Calling ${firstCall(state).name}`,
  inputSummary: (state) => describeCall(firstCall(state)),
  async run(state, context) {
    const call = firstCall(state);
    const args = parseArguments(call) ?? {};
    // Asked again because a decision's token is never kept: the same key gives the same decision.
    const decision = await decide(call, args, context);
    if (decision === undefined) return refused(state, call, `there is no tool "${call.name}"`, null);
    if (!decision.allow) return refused(state, call, decision.reason, decision.id);
    if (call.name === REMEMBER_TOOL) return keepFact(state, args, context);
    return toResult(state, call, await invoke(call, args, decision.token ?? "", context));
  },
};

/** A call the tools subgraph did not take; the model reads why and may do better. */
type Answer = Omit<ToolInvocation, "id"> & { id: string | null };

function toResult(
  state: AssistantState,
  call: PendingCall,
  { id, status, output, error }: Answer,
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

async function invoke(
  call: PendingCall,
  args: { [key: string]: unknown },
  decisionToken: string,
  context: StepContext,
): Promise<Answer> {
  const { run, signal } = context;
  const { tools } = context.services;
  const idempotencyKey = callKey(run, call);
  const invocationId = tools.invocationIdOf(idempotencyKey);
  const tool = (await tools.list()).find((known) => known.name === call.name);
  const timeoutMs = (tool?.timeoutMs ?? DEFAULT_TIMEOUT_MS) + ANSWER_MARGIN_MS;
  const stop = new AbortController();
  const copying = copyFrames(invocationId, AbortSignal.any([signal, stop.signal]), context);
  try {
    const answer = await tools.invoke({ tool: call.name, args, decisionToken, idempotencyKey, timeoutMs });
    const limit = setTimeout(() => stop.abort(), LAST_FRAMES_MS);
    await copying;
    clearTimeout(limit);
    return answer;
  } catch (error) {
    // A process that only stops, or lost the run, leaves the invocation alone: whoever goes on attaches to it by its key.
    if (context.canceled()) await tools.cancel(invocationId).catch(() => {});
    const known = toSomaError(error);
    if (known.code === "BAD_INPUT" || known.code === "PAYLOAD_TOO_LARGE")
      return { id: null, status: "FAILED", output: null, error: { type: known.code, message: known.publicMessage } };
    // The token ran out on the way; the next attempt asks for a decision again.
    if (known.code === "DECISION_EXPIRED")
      throw new SomaError("UNAVAILABLE", "the decision expired before the tool was called", { cause: error });
    // Others' calls have every place, or this one still runs: a matter of waiting, not of this call.
    if (known.code === "LIMIT_EXCEEDED" || known.code === "TOOL_BUSY")
      throw new SomaError("UNAVAILABLE", known.publicMessage, { cause: error });
    throw error;
  } finally {
    stop.abort();
  }
}

/** Frames are for people who watch; a subscription that breaks must not fail the call, whose answer is whole in itself. */
async function copyFrames(invocationId: string, until: AbortSignal, context: StepContext): Promise<void> {
  try {
    for await (const frame of context.services.tools.frames(invocationId, until)) context.streams.copy(frame);
  } catch (error) {
    if (!until.aborted) context.log.warn({ err: error }, "tool output could not be followed to its end");
  }
}
