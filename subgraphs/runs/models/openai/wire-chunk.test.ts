import { describe, expect, test } from "vitest";
import { createQuote } from "../model-error.ts";
import { createPick, parseChunk } from "./wire-chunk.ts";

const quote = createQuote("sk-secret-key-123456");

describe("parseChunk()", () => {
  const nothing = { text: "", thinking: "", alive: false, toolCalls: [], finishReason: null, usage: null, extra: {} };
  const delta = (part: object, more: object = {}) => JSON.stringify({ choices: [{ index: 0, delta: part, ...more }] });

  test.each([
    ["text", delta({ content: "a" }), { ...nothing, text: "a", alive: true }],
    ["a role alone", delta({ role: "assistant", content: "" }), nothing],
    ["a refusal", delta({ content: null, refusal: "no" }), { ...nothing, text: "no", alive: true }],
    [
      "text in parts",
      delta({ content: [{ type: "text", text: "a" }, { type: "text", text: "b" }, 7] }),
      {
        ...{ ...nothing, text: "ab", alive: true },
        extra: { content: [{ type: "text", text: "a" }, { type: "text", text: "b" }, 7] },
      },
    ],
    [
      "thinking, under two names",
      delta({ content: "", reasoning_content: "hm", reasoning: "hm" }),
      { ...nothing, thinking: "hm", alive: true, extra: { reasoning_content: "hm", reasoning: "hm" } },
    ],
    [
      "thinking in a part of the content",
      delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      {
        ...{ ...nothing, thinking: "hm", alive: true },
        extra: { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] },
      },
    ],
    [
      "the first of two choices",
      '{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}',
      { ...nothing, text: "a", alive: true },
    ],
    [
      "the second choice alone",
      '{"choices":[{"index":1,"delta":{"content":"b"}}]}',
      { ...nothing, text: "b", alive: true },
    ],
    [
      "a choice that is numbered in text",
      '{"choices":[{"index":"0","delta":{"content":"a"}}]}',
      { ...nothing, text: "a", alive: true },
    ],
    ["another object", '{"time":1}', { ...nothing, stray: '{"time":1}' }],
    ["choices that are null", '{"choices":null}', { ...nothing, stray: '{"choices":null}' }],
    ["a ping", '{"type":"ping"}', nothing],
    ["an empty object", "{}", nothing],
    ["fields that say nothing", delta({ content: null, audio: null, name: "" }), nothing],
    ["thinking that was none", delta({ reasoning_content: "" }), { ...nothing, extra: { reasoning_content: "" } }],
    ["a finish", delta({}, { finish_reason: "stop" }), { ...nothing, finishReason: "stop" }],
    ["an empty finish reason", delta({}, { finish_reason: "" }), nothing],
    ["no choices", '{"choices":[]}', nothing],
    [
      "usage",
      '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}',
      { ...nothing, usage: { inputTokens: 3, outputTokens: 4 } },
    ],
    [
      "usage whose total alone counts what was thought",
      '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":50}}',
      { ...nothing, usage: { inputTokens: 3, outputTokens: 47 } },
    ],
    [
      "usage whose total is nonsense",
      '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":"many"}}',
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
      { ...nothing, text: "a", alive: true, isWhole: true, finishReason: "stop" },
    ],
    ...['""', "{}", "false", "null", '{"message":"","code":null}'].map((none): [string, string, object] => [
      `an answer beside the error ${none}`,
      `{"error":${none},"choices":[{"error":${none},"delta":{"content":"a"}}]}`,
      { ...nothing, text: "a", alive: true },
    ]),
    ["a delta that is null", '{"choices":[{"delta":null}]}', nothing],
  ])("reads %s", (_name, json, expected) => {
    expect(parseChunk(json, quote)).toEqual(expected);
  });

  test("goes on with the choice that began", () => {
    const pick = createPick();
    const texts = [[1], [0], [0, 1]].map((indexes) => {
      const choices = indexes.map((index) => ({ index, delta: { content: `of ${index}` } }));
      return parseChunk(JSON.stringify({ choices }), quote, pick).text;
    });
    expect(texts).toEqual(["of 1", "", "of 1"]);
  });

  test("reads the pieces of tool calls, with what they leave out as null", () => {
    const pieces = [
      { index: "1", id: "", type: "function", function: { arguments: "{" } },
      { id: "x", extra_content: { s: 1 }, function: { name: "f", arguments: { a: 1 }, strict: true } },
      {},
      "odd",
    ];
    expect(parseChunk(delta({ tool_calls: pieces }), quote).toolCalls).toEqual([
      { index: 1, id: null, name: null, arguments: "{", extra: {} },
      {
        index: null,
        id: "x",
        name: "f",
        arguments: '{"a":1}',
        extra: { extra_content: { s: 1 }, function: { strict: true } },
      },
      { index: null, id: null, name: null, arguments: "", extra: {} },
    ]);
    const custom = parseChunk(delta({ tool_calls: [{ id: "x", type: "custom" }] }), quote);
    expect(custom.toolCalls).toMatchObject([{ id: "x", extra: { type: "custom" } }]);
    const both = { function_call: { name: "f" }, tool_calls: [{ id: "x", function: { name: "f" } }] };
    expect(parseChunk(delta(both), quote).toolCalls).toMatchObject([{ id: "x", name: "f" }]);
    const alone = parseChunk(delta({ function_call: { name: "f", arguments: "{}" } }), quote);
    expect(alone.toolCalls).toEqual([{ index: null, id: null, name: "f", arguments: "{}", extra: {} }]);
  });

  test.each([
    ["something that is not JSON", "<html>", "the stream holds something that is not JSON: <html>"],
    ["an array", "[1]", "JSON that is not an object: [1]"],
    [
      "the server's error",
      '{"error":{"message":"out of memory"}}',
      "the server reported an error in the answer: out of memory",
    ],
    ["an error beside choices", '{"error":"out of memory","choices":[]}', "in the answer: out of memory"],
    [
      "an error without that name",
      '{"message":"no such model","code":5}',
      "reported an error in the answer: no such model",
    ],
    ["the key", "sk-secret-key-123456 is wrong", "not JSON: [key] is wrong"],
  ])("refuses %s and says so", (_name, json, message) => {
    expect(() => parseChunk(json, quote)).toThrow(
      expect.objectContaining({ code: "MODEL_FAILED", message: expect.stringContaining(message) }),
    );
  });

  test.each([
    ['{"error":{"code":429,"message":"slow"}}', "UPSTREAM_UNAVAILABLE", false],
    ['{"error":{"code":"503","message":"away"}}', "UPSTREAM_UNAVAILABLE", false],
    ['{"error":{"code":502}}', "UPSTREAM_UNAVAILABLE", false],
    ['{"error":"overloaded"}', "UPSTREAM_UNAVAILABLE", false],
    ['{"error":{"type":"rate_limit_error","message":"x"}}', "UPSTREAM_UNAVAILABLE", false],
    ['{"error":{"code":"insufficient_quota","message":"x"}}', "MODEL_REFUSED", true],
    ['{"error":{"code":"invalid_api_key","message":"x"}}', "MODEL_REFUSED", true],
    ['{"error":{"code":"model_not_found","message":"x"}}', "MODEL_REFUSED", true],
    ['{"error":{"code":400,"message":"bad tools"}}', "MODEL_REFUSED", false],
    ['{"error":{"type":"server_error","message":"x"}}', "MODEL_FAILED", false],
    [
      '{"choices":[{"index":0,"error":{"code":503,"message":"out"},"finish_reason":"error"}]}',
      "UPSTREAM_UNAVAILABLE",
      false,
    ],
  ])("judges %s as an error with that status", (json, code, isOfProfile) => {
    expect(() => parseChunk(json, quote)).toThrow(expect.objectContaining({ code, isOfProfile }));
  });

  test("keeps the message of an error in a choice", () => {
    expect(() => parseChunk('{"choices":[{"error":{"code":500,"message":"out of memory"}}]}', quote)).toThrow(
      "reported an error in the answer: out of memory",
    );
  });
});
