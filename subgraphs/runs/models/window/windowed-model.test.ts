import { toChatRequest } from "@soma/sdk/fit-prompt";
import type { ChatEvent, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { describe, expect, it } from "vitest";
import { ModelError } from "../model-error.ts";
import { collect } from "../testing/collect.ts";
import { windowedModel } from "./windowed-model.ts";
import { createWindows, saysTooLong } from "./windows.ts";

/** A server that takes so many messages. */
function strict(most: number, refusal: Error, terms: ModelClient["terms"] = {}) {
  const asked: ChatRequest[] = [];
  async function* chat(request: ChatRequest): AsyncGenerator<ChatEvent> {
    asked.push(request);
    if (request.messages.length > most) throw refusal;
    yield { type: "text", delta: "yes" };
    yield { type: "finish", reason: "stop", usage: null };
  }
  return { asked, client: { profile: "p", provider: "openai-compatible", model: "m", isAi: true, terms, chat } };
}

const request = (count: number): ChatRequest =>
  toChatRequest({
    ...{ instructions: "be kind", memories: [], question: "why?", said: [], tools: [] },
    turns: Array.from({ length: count }, (_, n) => ({ user: `question ${n} ${"x".repeat(600)}`, assistant: "yes" })),
  });
const refused = (message: string) => new ModelError("MODEL_REFUSED", message);
const never = new AbortController().signal;
const told =
  "p (m) answered HTTP 400: This model's maximum context length is 4096 tokens. However, you requested 9,000";

describe("windowedModel()", () => {
  it("sends what fits into the profile's window without the room for the answer", async () => {
    const { client, asked } = strict(1_000, refused("never"), { contextTokens: 4_000, maxOutputTokens: 500 });
    const events = await collect(windowedModel(client, createWindows(32_768)).chat(request(100), never));
    expect(asked[0]?.messages.length).toBeGreaterThan(20);
    expect(asked[0]?.messages.length).toBeLessThan(40);
    expect(events.map(({ type }) => type)).toEqual(["sent", "note", "text", "finish"]);
    expect(events[1]).toMatchObject({ text: expect.stringContaining("earlier turns of the conversation") });
    expect(events[0]).toMatchObject({ prompt: { messages: { length: asked[0]?.messages.length } } });
  });

  it("sends a shorter prompt at once where a server says that it is too long, and keeps to that", async () => {
    const { client, asked } = strict(60, refused(told));
    const windows = createWindows(32_768);
    const events = await collect(windowedModel(client, windows).chat(request(60), never));
    expect(asked.map(({ messages }) => messages.length > 60)).toEqual([true, false]);
    expect(events.map(({ type }) => type)).toEqual(["sent", "sent", "note", "text", "finish"]);
    await collect(windowedModel(client, windows).chat(request(60), never));
    expect(asked).toHaveLength(3);
    expect(asked[2]?.messages).toHaveLength(asked[1]?.messages.length ?? 0);
    await collect(windowedModel({ ...client, profile: "other" }, windows).chat(request(60), never));
    expect(asked).toHaveLength(5);
  });

  it("sends a quarter where the server does not say how much it takes", async () => {
    const { client, asked } = strict(35, refused("the request exceeds the available context size"));
    await collect(windowedModel(client, createWindows(32_768)).chat(request(60), never));
    expect(asked.map(({ messages }) => messages.length < 40)).toEqual([false, true]);
  });

  it.each([
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (904 in the messages, 4096 in the completion)",
    "max_tokens is too large: 4096. This model's maximum context length is 4096 tokens and your request has 904 input tokens",
  ])("asks for a shorter answer where the prompt fits, and sends all of it: %s", async (message) => {
    const { client, asked } = strict(-1, refused(message));
    const asking = collect(windowedModel(client, createWindows(32_768)).chat(request(9), never));
    await expect(asking).rejects.toThrow("maximum context length");
    expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([undefined, 3_192]);
    expect(asked[1]?.messages).toEqual(asked[0]?.messages);
  });

  it("asks no third time, and not again for another reason or what cannot be made shorter", async () => {
    const { client, asked } = strict(1, refused(told));
    await expect(collect(windowedModel(client, createWindows(32_768)).chat(request(60), never))).rejects.toThrow(told);
    expect(asked).toHaveLength(2);
    const other = strict(1, refused("there is no such model"));
    const ask = (changes: object) =>
      collect(windowedModel(other.client, createWindows(32_768)).chat({ ...request(9), ...changes }, never));
    await expect(ask({})).rejects.toThrow("no such model");
    await expect(ask({ fit: undefined })).rejects.toThrow("no such model");
    expect(other.asked).toHaveLength(2);
  });
});

describe("saysTooLong()", () => {
  it.each([
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)",
    "the request exceeds the available context size, try increasing it",
    "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    "too many input tokens",
    "the prompt is too long for the context window of the model",
  ])("hears %s", (message) => {
    expect(saysTooLong(message)).toBe(true);
  });

  it.each(["there is no such model", "rate limit of 10000 tokens per minute", "invalid api key"])(
    "not %s",
    (message) => {
      expect(saysTooLong(message)).toBe(false);
    },
  );
});
