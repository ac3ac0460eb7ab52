import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { answerByRules } from "./answer.ts";

/** About four characters make a token; the number only has to be of the right size. */
const CHARACTERS_PER_TOKEN = 4;

/**
 * A model that is no AI: fixed rules that give the same answer to the same conversation, with no network and no wait. It
 * lets everything around a model be tried and tested without one, and says in words and by `isAi` what it is.
 */
export function createScriptedClient(profile: string, model = "scripted-1"): ModelClient {
  return { profile, provider: "scripted", model, isAi: false, chat };
}

async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
  for (const event of toEvents(request)) {
    if (signal.aborted)
      throw new SomaError("CANCELED", "the call to the scripted model was canceled", { cause: signal.reason });
    yield event;
  }
}

/** Text comes word by word, as a model writes it. */
function* toEvents(request: ChatRequest): Generator<ChatEvent> {
  const { text, toolCalls } = answerByRules(request);
  for (const delta of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) yield { type: "text", delta };
  for (const call of toolCalls) yield { type: "toolCall", call };
  const read = request.messages.reduce((sum, message) => sum + message.content.length, 0);
  const usage = {
    inputTokens: Math.ceil(read / CHARACTERS_PER_TOKEN),
    outputTokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN),
  };
  yield { type: "finish", reason: toolCalls.length > 0 ? "tool_calls" : "stop", usage };
}
