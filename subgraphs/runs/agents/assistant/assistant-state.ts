import { appended, replaced, type StateOf } from "@soma/sdk/graph";
import type { ChatMessage, ToolCall } from "@soma/sdk/model-client";
import type { RunInfo } from "@soma/sdk/node";
import { rememberTool } from "@soma/sdk/remember-tool";
import { runKey } from "@soma/sdk/run-key";
import type { SessionSummary, SessionTurn } from "@soma/sdk/services";
import { type KeyedCall, parseArguments } from "@soma/sdk/tool-call";

/** A tool call of the model; `ordinal` counts over the whole run and makes its keys stable over retries. */
export interface PendingCall extends ToolCall {
  ordinal: number;
}

/** What the assistant graph keeps between its steps. */
export const assistantChannels = {
  /** Earlier questions and answers of the session, oldest first. */
  history: replaced<SessionTurn[]>([]),
  /**
   * What lies before them, where it was summed up; not there at first, so that histories from before it have the same
   * states.
   */
  summary: replaced<SessionSummary | undefined>(undefined),
  /** Whether so many turns have left the window that they are to be summed up. */
  summaryDue: replaced<boolean | undefined>(undefined),
  /** Memories that fit the question, best first. */
  memories: replaced<string[]>([]),
  /** The model's and the tools' messages of this run, after the user's. */
  messages: appended<ChatMessage>(),
  /** Calls that still have to be decided and made, in order. */
  calls: replaced<PendingCall[]>([]),
  callCount: replaced(0),
  modelTurns: replaced(0),
  /** Whether the first pending call may be made. */
  allowed: replaced(false),
  /** Memories of facts the user asked to keep in this run. */
  factIds: appended<string>(),
  answer: replaced(""),
  answeredAt: replaced(""),
};

export type AssistantState = StateOf<typeof assistantChannels>;

/** Name of the call that this agent carries out itself: under policy like any other, but its effect is a memory. */
export const REMEMBER_TOOL = rememberTool.name;

/** Key of one call of a run: the same over attempts and take-overs, another one after a rollback. */
export function callKey(run: Pick<RunInfo, "runId" | "branch">, call: PendingCall): string {
  return `${runKey(run)}:call:${call.ordinal}`;
}

/** A call with the key that makes it one, over retries and take-overs. */
export function toKeyed(run: Pick<RunInfo, "runId" | "branch">, call: PendingCall, args: KeyedCall["args"]): KeyedCall {
  return { name: call.name, args, idempotencyKey: callKey(run, call), callId: call.id };
}

/** A call as the event bus hears of it: its name and the names of its arguments, never their values. */
export function describeCall(call: PendingCall): string {
  const names = Object.keys(parseArguments(call).args ?? {});
  return `${call.name} with ${names.length === 0 ? "no arguments" : names.join(", ")}`;
}

/** The patch that answers the first pending call and takes it off the list. */
export function answerCall(
  state: AssistantState,
  result: { status: string; output?: string; error?: string; reason?: string },
): Pick<AssistantState, "messages" | "calls" | "allowed"> {
  const [call, ...rest] = state.calls;
  return {
    messages: [{ role: "tool", toolCallId: call?.id ?? "", content: JSON.stringify(result) }],
    calls: rest,
    allowed: false,
  };
}

/** The first pending call; nodes that need one are only reached when there is one. */
export function firstCall(state: AssistantState): PendingCall {
  const [call] = state.calls;
  if (call === undefined) throw new Error("no tool call is pending");
  return call;
}
