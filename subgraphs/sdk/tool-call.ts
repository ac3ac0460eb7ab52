import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { isRecord } from "@soma/schemas/json";
import type { ToolCall } from "./model-client.ts";
import type { StepContext } from "./node.ts";
import { rememberTool } from "./remember-tool.ts";
import type { CatalogTool, PolicyDecision, ToolInvocation } from "./services.ts";
import { describeError, StepError } from "./step-error.ts";

/** One call of a tool; its key makes it one call over attempts and take-overs. */
export interface KeyedCall {
  name: string;
  args: { [name: string]: unknown };
  idempotencyKey: string;
  /** Id the call has in the talk, where a model asked for it. */
  callId?: string;
}

/** What became of a call; one that the tools subgraph did not take has no id. */
export type CallAnswer = Omit<ToolInvocation, "id"> & { id: string | null };

/** Beyond the tool's own limit: the tools subgraph ends a tool itself, this only covers its not answering. */
const ANSWER_MARGIN_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 30_000;
/** How long the last frames may take after the invocation was answered. */
const LAST_FRAMES_MS = 3_000;

/**
 * The policy's decision on a call; undefined when there is no such tool. The key makes it one decision over retries:
 * asking again gives the same one, with a token that is good again, or a new decision when the old one has expired.
 */
export async function decideCall(
  { name, args, idempotencyKey }: KeyedCall,
  { services }: StepContext,
): Promise<PolicyDecision | undefined> {
  const tool =
    name === rememberTool.name
      ? { version: rememberTool.version, risk: rememberTool.risk.toUpperCase() as CatalogTool["risk"] }
      : (await services.tools.list()).find((known) => known.name === name);
  if (tool === undefined) return undefined;
  return services.policy.decide({ tool: name, toolVersion: tool.version, risk: tool.risk, args, idempotencyKey });
}

/** Makes a call that the policy has allowed, and copies its output into the history as it comes. */
export async function invokeDecided(call: KeyedCall, decisionToken: string, context: StepContext): Promise<CallAnswer> {
  const { tools } = context.services;
  const invocationId = tools.invocationIdOf(call.idempotencyKey);
  const tool = (await tools.list()).find((known) => known.name === call.name);
  const timeoutMs = (tool?.timeoutMs ?? DEFAULT_TIMEOUT_MS) + ANSWER_MARGIN_MS;
  const stop = new AbortController();
  const copying = copyFrames(invocationId, AbortSignal.any([context.signal, stop.signal]), context);
  try {
    const { name, args, idempotencyKey, callId } = call;
    const answer = await tools.invoke({ tool: name, args, decisionToken, idempotencyKey, callId, timeoutMs });
    const limit = setTimeout(() => stop.abort(), LAST_FRAMES_MS);
    await copying;
    clearTimeout(limit);
    return answer;
  } catch (error) {
    // A process that only stops, or lost the run, leaves the invocation alone: whoever goes on attaches to it by its
    // key.
    if (context.canceled()) await tools.cancel(invocationId).catch(() => {});
    return notTaken(error);
  } finally {
    stop.abort();
  }
}

/** A call that can never be taken as it is has an answer, which its caller may read; everything else is thrown on. */
function notTaken(error: unknown): CallAnswer {
  const { code, message } = describeError(error);
  if (code === "BAD_INPUT" || code === "PAYLOAD_TOO_LARGE")
    return { id: null, status: "FAILED", output: null, error: { type: code, message } };
  // The token ran out on the way; the next attempt asks for a decision again.
  if (code === "DECISION_EXPIRED")
    throw new StepError("UNAVAILABLE", "the decision expired before the tool was called", { cause: error });
  // Others' calls have every place, or this one still runs: a matter of waiting, not of this call.
  if (code === "LIMIT_EXCEEDED" || code === "TOOL_BUSY") throw new StepError("UNAVAILABLE", message, { cause: error });
  throw error;
}

/**
 * Frames are for people who watch; a subscription that breaks must not fail the call, whose answer is whole in itself.
 */
async function copyFrames(invocationId: string, until: AbortSignal, context: StepContext): Promise<void> {
  try {
    for await (const frame of context.services.tools.frames(invocationId, until)) context.streams.copy(frame);
  } catch (error) {
    if (!until.aborted) context.log.warn({ err: error }, "tool output could not be followed to its end");
  }
}

/** The arguments a model wrote, or why no tool can be called with them: it reads that, and may ask again. */
export function parseArguments(call: ToolCall): { args: KeyedCall["args"] } | { args: undefined; fault: string } {
  try {
    const args = parseExactJson(call.arguments === "" ? "{}" : call.arguments);
    if (isRecord(args)) return { args };
  } catch (error) {
    if (error instanceof InexactNumber) return { args: undefined, fault: error.message };
  }
  return { args: undefined, fault: "the arguments are not a JSON object" };
}
