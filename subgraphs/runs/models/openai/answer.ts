import type { ChatEvent, ToolCall } from "@soma/sdk/model-client";
import { ModelError, type Quote } from "../model-error.ts";
import type { WireChunk, WireToolCall } from "./wire.ts";

/** Most bytes of text and tool arguments in one answer. */
export const MAX_ANSWER_BYTES = 1_000_000;
export const MAX_TOOL_CALLS = 64;

export interface Answer {
  /** Takes the next chunk and gives its text, if it has any. Throws MODEL_FAILED when the answer grows beyond its bounds. */
  add(chunk: WireChunk): string;
  /** The tool calls and the finish. Throws when the stream ended too early, held no answer, or a call cannot be read. */
  end(): ChatEvent[];
}

interface OpenCall {
  index: number | null;
  id: string | null;
  name: string | null;
  arguments: string;
}

/** Puts an answer together from its chunks. */
export function createAnswer(quote: Quote): Answer {
  const calls: OpenCall[] = [];
  let bytes = 0;
  let hasText = false;
  let finishReason: string | null = null;
  let usage: WireChunk["usage"] = null;

  return {
    add(chunk) {
      finishReason = chunk.finishReason ?? finishReason;
      usage = chunk.usage ?? usage;
      for (const piece of chunk.toolCalls) addPiece(calls, piece);
      if (calls.length > MAX_TOOL_CALLS)
        throw new ModelError("MODEL_FAILED", `the answer has more than ${MAX_TOOL_CALLS} tool calls`);
      bytes +=
        Buffer.byteLength(chunk.text) +
        chunk.toolCalls.reduce((sum, piece) => sum + Buffer.byteLength(piece.arguments), 0);
      if (bytes > MAX_ANSWER_BYTES)
        throw new ModelError("MODEL_FAILED", `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
      hasText ||= chunk.text !== "";
      return chunk.text;
    },
    end() {
      if (finishReason === null)
        throw new ModelError("MODEL_FAILED", "the stream ended before the answer was finished");
      const reason = toReason(finishReason, calls.length > 0);
      if (!hasText && calls.length === 0 && reason === "stop")
        throw new ModelError("MODEL_FAILED", "the model finished without text and without a tool call");
      return [
        ...toToolCalls(calls, reason, quote).map((call) => ({ type: "toolCall", call }) as const),
        { type: "finish", reason, usage },
      ];
    },
  };
}

/**
 * Finds the call a piece belongs to. Servers disagree: some leave the index out, some give every call index 0, some repeat
 * id and name in each piece, and some change the id in the middle of a call. So a piece with a name begins another call
 * when its index is new, its id differs, or the call at its index is complete already; a piece without a name goes on.
 */
function addPiece(calls: OpenCall[], piece: WireToolCall): void {
  const current = piece.index === null ? calls.at(-1) : calls.findLast((call) => call.index === piece.index);
  if (current === undefined || beginsAnother(current, piece)) {
    calls.push({ ...piece });
    return;
  }
  current.id ??= piece.id;
  current.name ??= piece.name;
  current.arguments += piece.arguments;
}

function beginsAnother(current: OpenCall, piece: WireToolCall): boolean {
  if (piece.name === null || current.name === null) return false;
  if (piece.id !== null && current.id !== null) return piece.id !== current.id;
  return current.arguments.endsWith("}") && piece.arguments.startsWith("{") && isJson(current.arguments);
}

/** A server that calls tools with reason "stop" means "tool_calls"; a reason we do not know is a stop. */
function toReason(reason: string, hasCalls: boolean): Extract<ChatEvent, { type: "finish" }>["reason"] {
  if (reason === "length" || reason === "content_filter") return reason;
  return hasCalls ? "tool_calls" : "stop";
}

function toToolCalls(calls: readonly OpenCall[], reason: string, quote: Quote): ToolCall[] {
  const ids = new Set<string>();
  return calls.map((call, position) => {
    if (call.name === null)
      throw new ModelError("MODEL_FAILED", `tool call ${position + 1} of the answer does not name its tool`);
    const id = freeId(call.id, position, ids);
    ids.add(id);
    const written = call.arguments.trim() === "" ? "{}" : call.arguments;
    if (!isJson(written)) throw unreadable(call.name, written, reason, quote);
    return { id, name: call.name, arguments: written };
  });
}

/** The server's id, or `call_<position>` where it gave none or one that another call of this answer has. */
function freeId(given: string | null, position: number, taken: ReadonlySet<string>): string {
  let id = given ?? `call_${position}`;
  if (taken.has(id)) id = `call_${position}`;
  while (taken.has(id)) id += "_";
  return id;
}

function unreadable(name: string, written: string, reason: string, quote: Quote): ModelError {
  if (reason === "length") {
    return new ModelError(
      "MODEL_REFUSED",
      `the answer reached its token limit inside a call of ${quote(name, 60)}; raise maxOutputTokens of the model profile`,
    );
  }
  return new ModelError(
    "MODEL_FAILED",
    `the arguments of the model's call of ${quote(name, 60)} are not JSON: ${quote(written, 80)}`,
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
