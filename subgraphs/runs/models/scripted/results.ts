import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ToolCall } from "@soma/sdk/model-client";
import type { PlannedCall, ToolResult } from "./calls.ts";

/** Characters of a tool's output that an answer repeats. */
const MAX_SHOWN = 2_000;

/** Finds the result of a planned call; each result is given once, so that two equal calls get one each. */
export type TakeResult = (call: PlannedCall) => ToolResult | undefined;

/**
 * The results of this turn's calls, by the calls the assistant made: ids are the engine's own, so a call is recognised by
 * its tool and arguments. Undefined when no tool has answered yet.
 */
export function readResults(turn: readonly ChatMessage[]): TakeResult | undefined {
  const answers = new Map(
    turn.flatMap((message) => (message.role === "tool" ? [[message.toolCallId, message.content] as const] : [])),
  );
  if (answers.size === 0) return undefined;
  const made = turn.flatMap((message) => (message.role === "assistant" ? [...(message.toolCalls ?? [])] : []));
  return (planned) => {
    const at = made.findIndex((call) => isSame(call, planned));
    const [call] = at === -1 ? [] : made.splice(at, 1);
    const content = call === undefined ? undefined : answers.get(call.id);
    return content === undefined ? undefined : toResult(content);
  };
}

function isSame(call: ToolCall, planned: PlannedCall): boolean {
  return call.name === planned.tool && call.arguments === JSON.stringify(planned.args);
}

function toResult(content: string): ToolResult {
  const value = parse(content);
  if (!isRecord(value) || typeof value.status !== "string") return toOutput(content, false);
  const { status, output, reason, error } = value;
  if (status === "SUCCEEDED" || status === "TRUNCATED") return toOutput(output, status === "TRUNCATED");
  if (status === "DENIED") return { status: "denied", reason: toReason(reason ?? error) ?? "no reason was given" };
  return { status: "failed", reason: toReason(error ?? reason) ?? status.toLowerCase().replaceAll("_", " ") };
}

function toOutput(output: unknown, truncated: boolean): ToolResult {
  const text = (typeof output === "string" ? output : (JSON.stringify(output) ?? "")).trim();
  if (text.length <= MAX_SHOWN) return { status: "ok", output: text, truncated };
  return { status: "ok", output: text.slice(0, MAX_SHOWN).toWellFormed(), truncated: true };
}

function toReason(value: unknown): string | undefined {
  if (isRecord(value)) return toReason(value.message);
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const text = value.trim().replace(/\.$/, "");
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN).toWellFormed()}…`;
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
