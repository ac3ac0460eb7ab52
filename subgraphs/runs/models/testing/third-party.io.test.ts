import { LLMock } from "@copilotkit/aimock";
import type { ModelClient } from "@soma/sdk/model-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAiSdkClient } from "../ai-sdk/client.ts";
import { createOpenAiEmbeddingClient } from "../openai/embedding-client.ts";
import { createOpenAiResponsesClient } from "../openai-responses/client.ts";
import { createClientHarness, errorOf, KEY } from "./client-harness.ts";
import { collect } from "./collect.ts";
import { assist } from "./three-turns.ts";

const { clientAt } = createClientHarness();
const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
const named = { profile: "test", provider: "test", model: "test-model", timeoutsMs };

/** A server of somebody else's that speaks as OpenAI, Anthropic and Google do. */
const mock = new LLMock({ port: 0 });

beforeAll(async () => {
  mock.addFixture({
    match: { userMessage: "How much", hasToolResult: false },
    response: { content: "One moment.", toolCalls: [{ name: "calculate", arguments: '{"expression":"37*12"}' }] },
  });
  mock.addFixture({ match: { userMessage: "How much", hasToolResult: true }, response: { content: "It is 444." } });
  mock.onMessage("Hello", { content: "Hi there, all of you!" });
  await mock.start();
});
afterAll(() => mock.stop());

const CLIENTS: [string, () => ModelClient][] = [
  ["chat completions", () => clientAt(`${mock.url}/v1`)],
  ["responses", () => createOpenAiResponsesClient({ ...named, baseUrl: `${mock.url}/v1`, apiKey: KEY })],
  ["Anthropic's messages", () => aiSdk("@ai-sdk/anthropic", "/v1")],
  ["Gemini", () => aiSdk("@ai-sdk/google", "/v1beta")],
];

function aiSdk(name: string, path: string): ModelClient {
  const settings = { apiKey: KEY, baseURL: `${mock.url}${path}` };
  return createAiSdkClient({ ...named, package: name, settings, secrets: [KEY] });
}

test("a server of a third party makes vectors", async () => {
  const texts = ["one", "two", "one"];
  const openai = { ...named, baseUrl: `${mock.url}/v1`, apiKey: KEY, embedding: { dimensions: 1_536 } };
  const { vectors, usage } = await createOpenAiEmbeddingClient(openai).embed(texts, new AbortController().signal);
  expect(vectors.map(({ length }) => length)).toEqual([1_536, 1_536, 1_536]);
  expect([vectors[0], usage]).toEqual([vectors[2], expect.objectContaining({ outputTokens: 0 })]);
  expect(vectors[0]).not.toEqual(vectors[1]);
});

describe.each(CLIENTS)("a server of a third party, spoken to in %s,", (_name, client) => {
  test("answers", async () => {
    const messages = [{ role: "user" as const, content: "Hello" }];
    const events = await collect(client().chat({ messages, tools: [] }, new AbortController().signal));
    expect(events.map((event) => (event.type === "text" ? event.delta : "")).join("")).toBe("Hi there, all of you!");
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "stop", usage: expect.any(Object) });
  });

  test("drives the assistant with its tools to its end", async () => {
    const run = await assist(client());
    expect([run.status, run.error, run.answer]).toEqual(["SUCCEEDED", undefined, "It is 444."]);
    expect(run.calls).toMatchObject([{ tool: "calculate", args: { expression: "37*12" } }]);
  });

  test("says what it does not know, and is told so", async () => {
    const messages = [{ role: "user" as const, content: "Unheard of" }];
    const error = await errorOf(collect(client().chat({ messages, tools: [] }, new AbortController().signal)));
    expect(error).toMatchObject({ code: "MODEL_REFUSED", message: expect.stringContaining("HTTP 404") });
  });
});
