import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { answerByScenario, type Scenario } from "@soma/sdk/scenario";
import { type SpokenAnswer, toChatEvents, toSpoken } from "@soma/sdk/scripted-answer";
import { wordVector } from "@soma/sdk/word-vector";
import { SomaError } from "@soma/shared/errors";
import { answerByRules } from "./answer.ts";

/** What a project teaches the scripted model; asked for each answer anew, because the project may change meanwhile. */
type ScenarioSource = () => Scenario | undefined;

/**
 * A model that is no AI: fixed rules that give the same answer to the same conversation, with no network and no wait. It
 * lets everything around a model be tried and tested without one, and says in words and by `isAi` what it is. What a
 * scenario says goes before our own rules.
 */
export function createScriptedClient(
  profile: string,
  { model = "scripted-1", scenario = () => undefined }: { model?: string; scenario?: ScenarioSource } = {},
): ModelClient {
  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    for (const event of toChatEvents(answer(scenario(), request), request)) {
      if (signal.aborted)
        throw new SomaError("CANCELED", "the call to the scripted model was canceled", { cause: signal.reason });
      yield event;
    }
  }
  return { profile, provider: "scripted", model, isAi: false, chat };
}

/** Vectors of the words of texts, for whatever goes on with vectors; what a text means is in none of them. */
export function createScriptedEmbeddings(
  profile: string,
  { model, dimensions }: { model: string; dimensions: number },
): EmbeddingClient {
  return {
    ...{ profile, provider: "scripted", model, isAi: false, dimensions },
    async embed(texts, signal) {
      if (signal.aborted)
        throw new SomaError("CANCELED", "the call to the scripted model was canceled", { cause: signal.reason });
      return { vectors: texts.map((text) => wordVector(text, dimensions)), usage: null };
    },
  };
}

function answer(scenario: Scenario | undefined, request: ChatRequest): SpokenAnswer {
  const taught = scenario === undefined ? undefined : answerByScenario(scenario, request);
  return taught === undefined ? answerByRules(request) : toSpoken(taught);
}
