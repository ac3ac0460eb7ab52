import { SomaError } from "@soma/shared/errors";
import type { ChatEvent, ChatRequest, ModelClient } from "./model-client.ts";
import { answerByRules } from "./scripted-answer.ts";

/** A model of rules, for first steps, demonstrations and tests. It says in words and by `isAi` that it is not an AI. */
export function createScriptedClient(profile: string, model: string): ModelClient {
  return { profile, provider: "scripted", model, isAi: false, chat };
}

/** About four characters make a token; the number only has to be of the right size. */
const CHARACTERS_PER_TOKEN = 4;

async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
  const { text, toolCalls } = answerByRules(request);
  for (const delta of text.match(/\s*\S+\s*/g) ?? []) {
    checkSignal(signal);
    yield { type: "text", delta };
  }
  for (const call of toolCalls) {
    checkSignal(signal);
    yield { type: "toolCall", call };
  }
  const inputTokens = Math.ceil(request.messages.reduce((sum, message) => sum + message.content.length, 0) / CHARACTERS_PER_TOKEN);
  yield {
    type: "finish",
    reason: toolCalls.length > 0 ? "tool_calls" : "stop",
    usage: { inputTokens, outputTokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN) },
  };
}

function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw new SomaError("CANCELED", "the model call was canceled");
}
