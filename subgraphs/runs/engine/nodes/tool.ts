import { SomaError, toSomaError } from "@soma/shared/errors";
import { derivedId } from "@soma/shared/ids";
import {
  PeerCancelInvocationDocument,
  PeerInvokeToolDocument,
  type PeerInvokeToolMutation,
  PeerRememberDocument,
  PeerToolOutputDocument,
} from "../../peers/generated/graphql.ts";
import type { NodeResult, NodeSpec } from "../graph.ts";
import type { StepContext } from "../step-context.ts";
import type { Frame } from "../streams.ts";
import {
  type AssistantState,
  answerCall,
  callKey,
  firstCall,
  type PendingCall,
  parseArguments,
  REMEMBER_TOOL,
} from "./assistant-state.ts";
import { decide } from "./policy.ts";

/** Beyond the tool's own limit: the tools subgraph ends a tool itself, this only covers its not answering. */
const ANSWER_MARGIN_MS = 10_000;
/** How long the last frames may take after the invocation was answered. */
const LAST_FRAMES_MS = 3_000;

type ToolInvocation = PeerInvokeToolMutation["invokeTool"];

/** Makes the first pending call, which policy has allowed, and copies its output into the history as it comes. */
export const toolNode: NodeSpec<AssistantState> = {
  type: "tool",
  copiesStreams: true,
  retry: { maxAttempts: 6, initialMs: 200, maxMs: 5_000 },
  summary: (state) => `Calling ${firstCall(state).name}`,
  async run(state, context) {
    const call = firstCall(state);
    const args = parseArguments(call) ?? {};
    // Asked again because a decision's token is never kept: the same key gives the same decision.
    const decision = await decide(call, args, context);
    if (decision === undefined || !decision.allow) {
      const reason = decision?.reason ?? `there is no tool "${call.name}"`;
      return {
        denied: true,
        patch: answerCall(state, { status: "DENIED", reason }),
        summary: `${call.name} is not allowed: ${reason}`,
        output: { tool: call.name, allow: false, reason },
      };
    }
    if (call.name === REMEMBER_TOOL) return keepFact(state, args, context);
    return toResult(state, call, await invoke(call, args, decision.token ?? "", context));
  },
};

function toResult(
  state: AssistantState,
  call: PendingCall,
  invocation: ToolInvocation | Refused,
): NodeResult<AssistantState> {
  const { status, error } = invocation;
  const output = "output" in invocation ? (invocation.output ?? "") : "";
  const good = status === "SUCCEEDED" || status === "TRUNCATED";
  return {
    patch: answerCall(state, good ? { status, output } : { status, error: error?.message ?? status.toLowerCase() }),
    summary: good
      ? `${call.name} answered`
      : `${call.name} ended ${status.toLowerCase().replaceAll("_", " ")}: ${error?.message ?? "no reason given"}`,
    output: {
      tool: call.name,
      status,
      invocationId: "id" in invocation ? invocation.id : null,
      output,
      error: error?.message ?? null,
    },
  };
}

/** A call the tools subgraph did not take; the model reads why and may do better. */
interface Refused {
  status: "FAILED";
  error: { message: string };
}

async function invoke(
  call: PendingCall,
  args: { [key: string]: unknown },
  decisionToken: string,
  context: StepContext,
): Promise<ToolInvocation | Refused> {
  const { services, principal, run, stepId, signal } = context;
  const idempotencyKey = callKey(run.runId, call);
  const invocationId = derivedId(run.tenant, "invocation", idempotencyKey);
  const tool = (await services.toolCatalog(principal)).find((known) => known.name === call.name);
  const stop = new AbortController();
  const copying = copyFrames(invocationId, stop.signal, context);
  try {
    const input = { tool: call.name, args, decisionToken, runId: run.runId, stepId, idempotencyKey };
    const answer = await services.tools.request(
      PeerInvokeToolDocument,
      { input },
      { principal, signal, timeoutMs: (tool?.timeoutMs ?? 30_000) + ANSWER_MARGIN_MS },
    );
    const limit = setTimeout(() => stop.abort(), LAST_FRAMES_MS);
    await copying;
    clearTimeout(limit);
    return answer.invokeTool;
  } catch (error) {
    if (context.signal.aborted)
      await services.tools
        .request(PeerCancelInvocationDocument, { id: invocationId }, { principal, timeoutMs: 2_000 })
        .catch(() => {});
    const known = toSomaError(error);
    if (known.code === "BAD_INPUT" || known.code === "PAYLOAD_TOO_LARGE")
      return { status: "FAILED", error: { message: known.publicMessage } };
    // The token ran out on the way; the next attempt asks for a decision again.
    if (known.code === "DECISION_EXPIRED")
      throw new SomaError("UNAVAILABLE", "the decision expired before the tool was called", { cause: error });
    throw error;
  } finally {
    stop.abort();
  }
}

/** Frames are for people who watch; a subscription that breaks must not fail the call, whose answer is whole in itself. */
async function copyFrames(
  invocationId: string,
  signal: AbortSignal,
  { services, principal, streams, log }: StepContext,
): Promise<void> {
  try {
    for await (const { toolOutput: frame } of services.tools.subscribe(
      PeerToolOutputDocument,
      { invocationId, after: -1 },
      { principal, signal },
    ))
      streams.copy(toFrame(frame));
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, "tool output could not be followed to its end");
  }
}

type PeerFrame = NonNullable<ReturnType<NonNullable<(typeof PeerToolOutputDocument)["__apiType"]>>>["toolOutput"];

function toFrame(frame: PeerFrame): Frame {
  const { stream, seq } = frame;
  if (frame.__typename === "StreamData") return { stream, seq, data: frame.data };
  if (frame.__typename === "StreamStart")
    return { delim: "start", stream, seq, tool: frame.tool, call_id: frame.callId, content_type: frame.contentType };
  return { delim: "end", stream, seq, status: frame.status, bytes: frame.bytes, sha256: frame.sha256 };
}

async function keepFact(
  state: AssistantState,
  args: { [key: string]: unknown },
  { services, principal, run, stepId, signal }: StepContext,
): Promise<NodeResult<AssistantState>> {
  const { text } = args;
  if (typeof text !== "string" || text.trim() === "") {
    return {
      patch: answerCall(state, { status: "FAILED", error: "remember needs a text" }),
      summary: "remember failed: it was given no text",
      output: { tool: REMEMBER_TOOL, status: "FAILED" },
    };
  }
  const call = firstCall(state);
  const input = {
    sessionId: run.sessionId,
    role: "USER" as const,
    kind: "FACT" as const,
    content: text,
    at: run.createdAt.toISOString(),
    runId: run.runId,
    stepId,
    meta: { call: call.id },
    idempotencyKey: callKey(run.runId, call),
  };
  const { remember } = await services.memory.request(PeerRememberDocument, { input }, { principal, signal });
  return {
    patch: {
      ...answerCall(state, { status: "SUCCEEDED", output: `remembered: ${text}` }),
      factIds: [remember.memory.id],
    },
    summary: "Remembered a fact",
    output: {
      tool: REMEMBER_TOOL,
      status: "SUCCEEDED",
      memoryId: remember.memory.id,
      deduplicated: remember.deduplicated,
    },
  };
}
