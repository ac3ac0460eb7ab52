import type { ChatEvent, ChatRequest, ToolCall } from "./model-client.ts";

/** One answer of a model that somebody wrote beforehand: what it says, and the tools it asks for. */
export interface ScriptedAnswer {
  text?: string;
  calls?: readonly { tool: string; args?: { [name: string]: unknown } }[];
}

/** The same as a model gives it. */
export interface SpokenAnswer {
  text: string;
  toolCalls: ToolCall[];
}

export function toSpoken({ text = "", calls = [] }: ScriptedAnswer): SpokenAnswer {
  const toolCalls = calls.map(({ tool, args = {} }, index) => ({
    id: `call_${index + 1}`,
    name: tool,
    arguments: JSON.stringify(args),
  }));
  return { text, toolCalls };
}

/** About four characters make a token; the number only has to be of the right size. */
const CHARACTERS_PER_TOKEN = 4;

/** An answer as it comes: text word by word, as a model writes it, then calls, then the end. */
export function* toChatEvents({ text, toolCalls }: SpokenAnswer, request: ChatRequest): Generator<ChatEvent> {
  for (const delta of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) yield { type: "text", delta };
  for (const call of toolCalls) yield { type: "toolCall", call };
  const read = request.messages.reduce((sum, message) => sum + message.content.length, 0);
  const usage = {
    inputTokens: Math.ceil(read / CHARACTERS_PER_TOKEN),
    outputTokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
  };
  yield { type: "finish", reason: toolCalls.length > 0 ? "tool_calls" : "stop", usage };
}
