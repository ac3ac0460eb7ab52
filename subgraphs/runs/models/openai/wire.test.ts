import { describe, expect, test } from "vitest";
import { createQuote } from "../model-error.ts";
import { parseChunk, toWireRequest } from "./wire.ts";

const quote = createQuote("sk-secret-key-123456");

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
      { model: "m", temperature: 0, maxOutputTokens: 7, tokenLimitField: "max_tokens" },
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
            { id: "call_1", type: "function", function: { name: "calculate", arguments: '{"expression":"1+1"}' } },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "2" },
        { role: "assistant", content: "a" },
      ],
      tools: [{ type: "function", function: { name: "calculate", description: "d", parameters: { type: "object" } } }],
      temperature: 0,
      max_tokens: 7,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("leaves out what is not set", () => {
    const body = toWireRequest({ messages: [], tools: [] }, { model: "m", tokenLimitField: "max_tokens" });
    expect(Object.keys(body).sort()).toEqual(["messages", "model", "stream", "stream_options"]);
  });
});

describe("parseChunk()", () => {
  const nothing = { text: "", alive: false, toolCalls: [], finishReason: null, usage: null };
  const delta = (part: object, more: object = {}) => JSON.stringify({ choices: [{ index: 0, delta: part, ...more }] });

  test.each([
    ["text", delta({ content: "a" }), { ...nothing, text: "a", alive: true }],
    ["a role alone", delta({ role: "assistant", content: "" }), nothing],
    ["a refusal", delta({ content: null, refusal: "no" }), { ...nothing, text: "no", alive: true }],
    [
      "text in parts",
      delta({ content: [{ type: "text", text: "a" }, { type: "text", text: "b" }, 7] }),
      { ...nothing, text: "ab", alive: true },
    ],
    ["hidden reasoning, a sign of life", delta({ content: "", reasoning_content: "hm" }), { ...nothing, alive: true }],
    ["a finish", delta({}, { finish_reason: "stop" }), { ...nothing, finishReason: "stop" }],
    ["an empty finish reason", delta({}, { finish_reason: "" }), nothing],
    ["no choices", '{"choices":[]}', nothing],
    [
      "usage",
      '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}',
      { ...nothing, usage: { inputTokens: 3, outputTokens: 4 } },
    ],
    [
      "usage without choices",
      '{"usage":{"prompt_tokens":3}}',
      { ...nothing, usage: { inputTokens: 3, outputTokens: 0 } },
    ],
    [
      "a whole answer",
      '{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}',
      { ...nothing, text: "a", alive: true, finishReason: "stop" },
    ],
    ["a delta that is null", '{"choices":[{"delta":null}]}', nothing],
  ])("reads %s", (_name, json, expected) => {
    expect(parseChunk(json, quote)).toEqual(expected);
  });

  test("reads the pieces of tool calls, with what they leave out as null", () => {
    const pieces = [
      { index: 1, id: "", function: { arguments: "{" } },
      { id: "x", function: { name: "f", arguments: { a: 1 } } },
      {},
      "odd",
    ];
    expect(parseChunk(delta({ tool_calls: pieces }), quote).toolCalls).toEqual([
      { index: 1, id: null, name: null, arguments: "{" },
      { index: null, id: "x", name: "f", arguments: '{"a":1}' },
      { index: null, id: null, name: null, arguments: "" },
    ]);
  });

  test.each([
    ["something that is not JSON", "<html>", "the stream holds something that is not JSON: <html>"],
    ["an array", "[1]", "JSON that is not an object: [1]"],
    ["another object", '{"hello":1}', 'JSON that is not a part of an answer: {"hello":1}'],
    [
      "the server's error",
      '{"error":{"message":"out of memory"}}',
      "the server reported an error in the answer: out of memory",
    ],
    ["the server's error as text", '{"error":"overloaded"}', "reported an error in the answer: overloaded"],
    ["the key", "sk-secret-key-123456 is wrong", "not JSON: [key] is wrong"],
  ])("refuses %s and says so", (_name, json, message) => {
    expect(() => parseChunk(json, quote)).toThrow(
      expect.objectContaining({ code: "MODEL_FAILED", message: expect.stringContaining(message) }),
    );
  });
});
