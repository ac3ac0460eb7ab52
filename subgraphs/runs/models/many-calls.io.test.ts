import type { ChatMessage, ModelClient } from "@soma/sdk/model-client";
import { MAX_CALLS, numberCalls, toRefusals } from "@soma/sdk/number-calls";
import { afterEach, describe, expect, test } from "vitest";
import { createAiSdkClient } from "./ai-sdk/client.ts";
import { MAX_TOOL_CALLS } from "./calls-of-answer.ts";
import { createOpenAiResponsesClient } from "./openai-responses/client.ts";
import { createClientHarness, KEY } from "./testing/client-harness.ts";
import { anthropic } from "./testing/doors/anthropic.ts";
import { openai } from "./testing/doors/openai.ts";
import { responses } from "./testing/doors/responses.ts";
import { type Door, startModelServer } from "./testing/model-server.ts";

const { clientAt, closeLater, close } = createClientHarness();

afterEach(close);

const timeoutsMs = { connect: 2_000, firstToken: 5_000, total: 5_000 };
const named = { profile: "test", provider: "test", model: "test-model", timeoutsMs };
const CLIENTS: [string, () => Door, (baseUrl: string) => ModelClient][] = [
  ["chat completions", () => openai, (baseUrl) => clientAt(baseUrl)],
  ["responses", responses, (baseUrl) => createOpenAiResponsesClient({ ...named, apiKey: KEY, baseUrl })],
  [
    "Anthropic's messages",
    anthropic,
    (baseURL) =>
      createAiSdkClient({
        ...named,
        ...{ package: "@ai-sdk/anthropic", secrets: [KEY], settings: { apiKey: KEY, baseURL } },
      }),
  ],
];

describe("A model that calls more than an answer may have, by", () => {
  test.each(CLIENTS)("%s, hears of each call that was not made, and goes on", async (_name, door, clientOf) => {
    const toolCalls = Array.from({ length: MAX_TOOL_CALLS + 6 }, (_, at) => ({
      name: at < MAX_TOOL_CALLS ? "find" : "last",
      arguments: JSON.stringify({ at }),
    }));
    const answer = (messages: readonly ChatMessage[]) =>
      messages.some(({ role }) => role === "tool") ? { text: "Done.", toolCalls: [] } : { text: "So:", toolCalls };
    const server = closeLater(await startModelServer(door(), { answer, apiKey: KEY }));
    const client = clientOf(server.baseUrl);
    const tools = ["find", "last"].map((name) => ({ name, description: name, inputSchema: { type: "object" } }));
    const ask = (messages: ChatMessage[]) =>
      Array.fromAsync(client.chat({ messages, tools }, new AbortController().signal));

    const first = await ask([{ role: "user", content: "?" }]);
    const calls = first.flatMap((event) => (event.type === "toolCall" ? [event.call] : []));
    const given = first.flatMap((event) => (event.type === "finish" && event.given ? [event.given] : []))[0];
    const { asked, made, refused } = numberCalls(calls, 0);
    expect([asked.length, made.length, refused.length]).toEqual([
      MAX_TOOL_CALLS,
      MAX_CALLS,
      MAX_TOOL_CALLS - MAX_CALLS,
    ]);
    expect(refused.at(-1)?.refused).toBe(
      "not called: 70 calls at once are more than 64; " +
        "neither this one was made nor the 6 after it (last); ask for them again after these",
    );
    const results = made.map(({ id }): ChatMessage => ({ role: "tool", toolCallId: id, content: "ok" }));
    const turn: ChatMessage = { role: "assistant", content: "So:", toolCalls: asked, ...(given && { given }) };
    const second = await ask([{ role: "user", content: "?" }, turn, ...results, ...toRefusals(refused)]);
    expect(second.at(-1)).toMatchObject({ type: "finish", reason: "stop" });
    expect(JSON.stringify(server.requests[1])).toContain("nor the 6 after it (last)");
  });
});
