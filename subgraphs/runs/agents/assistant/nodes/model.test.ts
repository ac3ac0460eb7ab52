import type { SentPrompt } from "@soma/schemas/sent-prompt";
import type { ModelClient } from "@soma/sdk/model-client";
import { createTestServices } from "@soma/sdk/testing/services";
import { tryStep } from "@soma/sdk/testing/step";
import { expect, it } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { modelNode } from "./model.ts";

it("modelNode keeps what the model was sent with its step", async () => {
  const prompt: SentPrompt = { profile: "p", model: "m", params: {}, messages: [], tools: [] };
  const client: ModelClient = {
    ...{ profile: "p", provider: "test", model: "m", isAi: true },
    async *chat() {
      yield { type: "sent", prompt };
      yield { type: "text", delta: "hello" };
      yield { type: "finish", reason: "stop", usage: null };
    },
  };
  const { services } = createTestServices({ now: () => new Date() });
  const state = assistant.initial() as AssistantState;
  const { result } = await tryStep(modelNode, { state, services: { ...services, model: async () => client } });
  expect(result).toMatchObject({ summary: "Answered", prompt });
});
