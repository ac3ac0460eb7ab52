import type { ChatMessage } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import type { Quirk } from "../http/quirks.ts";
import { toWireRequest } from "./wire-request.ts";

const options = { model: "m", tokenLimitField: "max_tokens", by: "m at here", quirks: new Set<Quirk>() } as const;

/** What our own call_1 is called for servers: nine letters and digits. */
const NINE = "74196fe72";

describe("toWireRequest()", () => {
  test("writes every kind of message and the tools as OpenAI reads them", () => {
    const call = { id: "call_1", name: "calculate", arguments: '{"expression":"1+1"}' };
    const body = toWireRequest(
      {
        messages: [
          { role: "system", content: "s" },
          { role: "user", content: "u" },
          { role: "assistant", content: "", toolCalls: [call] },
          { role: "tool", toolCallId: "call_1", content: "2" },
          { role: "assistant", content: "a", toolCalls: [] },
        ],
        tools: [{ name: "calculate", description: "d", inputSchema: { type: "object" } }],
      },
      { ...options, params: { temperature: 0, maxOutputTokens: 7, stop: ["END"] } },
    );
    expect(body).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "u" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: NINE, type: "function", function: { name: "calculate", arguments: '{"expression":"1+1"}' } },
          ],
        },
        { role: "tool", tool_call_id: NINE, content: "2" },
        { role: "assistant", content: "a" },
      ],
      tools: [{ type: "function", function: { name: "calculate", description: "d", parameters: { type: "object" } } }],
      temperature: 0,
      stop: ["END"],
      max_tokens: 7,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("leaves out what is not set", () => {
    const body = toWireRequest({ messages: [], tools: [] }, options);
    expect(Object.keys(body).sort()).toEqual(["messages", "model", "stream", "stream_options"]);
  });

  const messagesOf = (messages: ChatMessage[], changes: object = {}) =>
    toWireRequest({ messages, tools: [] }, { ...options, ...changes }).messages;
  const call = {
    ...{ id: "call_1", name: "f", arguments: "{}" },
    given: { id: "Ab3Xy9QrZ", extra_content: { sig: "s" }, function: { strict: true } },
  };
  const thought = (by: string): ChatMessage[] => [
    { role: "assistant", content: "", toolCalls: [call], given: { by, fields: { reasoning_content: "hm" } } },
    { role: "tool", toolCallId: "call_1", content: "2" },
  ];

  test("gives back to a server what it gave, its ids among it, and to no other", () => {
    expect(messagesOf(thought(options.by))).toEqual([
      {
        ...{ role: "assistant", content: null, reasoning_content: "hm" },
        tool_calls: [
          {
            ...{ id: "Ab3Xy9QrZ", type: "function", extra_content: { sig: "s" } },
            function: { name: "f", arguments: "{}", strict: true },
          },
        ],
      },
      { role: "tool", tool_call_id: "Ab3Xy9QrZ", content: "2" },
    ]);
    const custom = { ...call, given: { type: "custom" } };
    const given = { by: options.by, fields: {} };
    expect(messagesOf([{ role: "assistant", content: "", toolCalls: [custom], given }])).toMatchObject([
      { tool_calls: [{ type: "custom" }] },
    ]);
    expect(messagesOf(thought("another"))).toEqual([
      {
        ...{ role: "assistant", content: null },
        tool_calls: [{ id: NINE, type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: NINE, content: "2" },
    ]);
    const parts = [{ type: "thinking", thinking: [] }];
    const own: ChatMessage = { role: "assistant", content: "a", given: { by: options.by, fields: { content: parts } } };
    expect(messagesOf([own])).toEqual([{ role: "assistant", content: [...parts, { type: "text", text: "a" }] }]);
  });

  test("answers the newer of two calls that the server calls the same", () => {
    const twice = [...thought(options.by), { ...thought(options.by)[0], toolCalls: [{ ...call, id: "call_2" }] }];
    const sent = messagesOf([...(twice as ChatMessage[]), { role: "tool", toolCallId: "call_2", content: "3" }]);
    expect(sent).toMatchObject([{}, { tool_call_id: "Ab3Xy9QrZ" }, {}, { tool_call_id: "Ab3Xy9QrZ", content: "3" }]);
  });

  test("sends no blank turn, and what a person said in a row as one", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: "a" },
      { role: "assistant", content: "\n" },
      { role: "user", content: "b" },
    ];
    expect(messagesOf(messages)).toEqual([{ role: "user", content: "a\n\nb" }]);
  });

  test("shows the model what it wrote wrongly as arguments that every server can parse", () => {
    const broken = (written: string): ChatMessage => ({
      ...{ role: "assistant", content: "" },
      toolCalls: [{ id: "call_1", name: "f", arguments: written }],
    });
    for (const written of ['{"x":', "[1]"])
      expect(messagesOf([broken(written)])).toMatchObject([
        { tool_calls: [{ function: { arguments: JSON.stringify({ unreadable: written }) } }] },
      ]);
  });

  test("leaves out what the server does not take", () => {
    const tools = [{ name: "f", description: "d", inputSchema: {} }];
    const messages: ChatMessage[] = [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
      ...thought(options.by),
    ];
    const params = { temperature: 1, maxOutputTokens: 7, topP: 0.5, seed: 3, reasoningEffort: "low" } as const;
    const body = (...quirks: Quirk[]) =>
      toWireRequest({ messages, tools }, { ...options, params, quirks: new Set(quirks) });
    expect(body("NO_TOOLS")).not.toHaveProperty("tools");
    expect(body("NO_STREAM_OPTIONS")).not.toHaveProperty("stream_options");
    expect(body("NO_TEMPERATURE")).not.toHaveProperty("temperature");
    expect(body()).toMatchObject({ top_p: 0.5, seed: 3, reasoning_effort: "low" });
    for (const [quirk, name] of [
      ["NO_TOP_P", "top_p"],
      ["NO_SEED", "seed"],
      ["NO_REASONING_EFFORT", "reasoning_effort"],
    ] as const)
      expect(body(quirk)).not.toHaveProperty(name);
    expect(body("OTHER_TOKEN_LIMIT")).toMatchObject({ max_completion_tokens: 7 });
    expect(body("OTHER_TOKEN_LIMIT")).not.toHaveProperty("max_tokens");
    expect((body("NO_SYSTEM_ROLE").messages as object[])[0]).toEqual({ role: "user", content: "s\n\nu" });
    const bare = (body("NO_EXTRA_FIELDS").messages as object[])[2];
    expect(bare).not.toHaveProperty("reasoning_content");
    expect(bare).toHaveProperty("tool_calls", [
      { id: "Ab3Xy9QrZ", type: "function", function: { name: "f", arguments: "{}" } },
    ]);
  });
});
