import type { ChatEvent } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { MAX_ANSWER_BYTES } from "../answer-end.ts";
import { MAX_READ_CALLS } from "../calls-of-answer.ts";
import { createQuote } from "../model-error.ts";
import { createAnswer } from "./answer.ts";
import { parseChunk, type WireChunk, type WireToolCall } from "./wire-chunk.ts";

const options = { by: "m at http://a/v1", tools: [] };
const given = { by: options.by, fields: {} };

function chunk(changes: Partial<WireChunk> = {}): WireChunk {
  return {
    ...{ text: "", thinking: "", alive: true, toolCalls: [], finishReason: null, usage: null, extra: {} },
    ...changes,
  };
}

function piece(index: number | null, id: string | null, name: string | null, written = ""): WireToolCall {
  return { index, id, name, arguments: written, extra: {} };
}

describe("createAnswer() ends", () => {
  const ended = (...chunks: Partial<WireChunk>[]): ChatEvent[] => {
    const answer = createAnswer(options);
    for (const each of chunks) answer.add(chunk(each));
    return answer.end();
  };

  test.each([
    ["stop", [], "stop"],
    ["stop", [piece(0, "a", "f")], "tool_calls"],
    ["function_call", [piece(0, "a", "f")], "tool_calls"],
    ["length", [], "length"],
    ["model_length", [], "length"],
    ["MAX_TOKENS", [], "length"],
    ["content_filter", [], "content_filter"],
    ["eos", [], "stop"],
    ["model_context_window_exceeded", [], "length"],
    ["sensitive", [], "content_filter"],
    ["SAFETY", [], "content_filter"],
    ["recitation", [], "content_filter"],
    ["content-filter", [piece(0, "a", "f")], "content_filter"],
  ] as const)("with %s and calls %j as its reason says", (finishReason, toolCalls, reason) => {
    expect(ended({ text: "a", toolCalls: [...toolCalls], finishReason }).at(-1)).toEqual({
      ...{ type: "finish", reason, usage: null },
      ...(toolCalls.length === 0 ? {} : { given }),
    });
  });

  test.each(["network_error", "timeout", "malformed_function_call", "error", "unheard_of"])(
    "never with half an answer: %s",
    (finishReason) => {
      expect(() => ended({ text: "a", finishReason })).toThrow(
        expect.objectContaining({ code: "MODEL_FAILED", message: `the server gave the answer up (${finishReason})` }),
      );
    },
  );

  test("with what only the server understands, put together, and its own id of each call", () => {
    const first = {
      ...piece(0, "Abc123xyz", "f", "{"),
      extra: { extra_content: { google: { thought_signature: "s" } } },
    };
    const events = ended(
      { extra: { reasoning_content: "a" }, thinking: "a" },
      { extra: { reasoning_content: "b" }, toolCalls: [first] },
      { toolCalls: [piece(0, null, null, "}")], finishReason: "tool_calls" },
    );
    expect(events).toEqual([
      {
        type: "toolCall",
        call: { id: "Abc123xyz", name: "f", arguments: "{}", given: { id: "Abc123xyz", ...first.extra } },
      },
      {
        type: "finish",
        reason: "tool_calls",
        usage: null,
        given: { by: options.by, fields: { reasoning_content: "ab" } },
      },
    ]);
  });

  test("with calls whose arguments are no JSON as the model wrote them, and the others as well", () => {
    const events = ended({ toolCalls: [piece(0, "a", "f", '{"x":'), piece(1, "b", null, "{}")], finishReason: "stop" });
    expect(events.slice(0, 2)).toEqual([
      { type: "toolCall", call: { id: "a", name: "f", arguments: '{"x":', given: { id: "a" } } },
      { type: "toolCall", call: { id: "b", name: "call_without_a_name", arguments: "{}", given: { id: "b" } } },
    ]);
  });

  test("with what the server calls the answer and who gave it, as its first chunk says", () => {
    const response = { id: "chatcmpl-1", model: "m-1" };
    const other = parseChunk(JSON.stringify({ id: "2", model: "m-2", choices: [] }), createQuote());
    expect(other.response).toEqual({ id: "2", model: "m-2" });
    const end = ended({ text: "a", response }, { ...other, finishReason: "stop" }).at(-1);
    expect(end).toMatchObject({ response });
  });

  test("with the usage that came last", () => {
    const usage = { inputTokens: 1, outputTokens: 2 };
    expect(ended({ text: "a" }, { finishReason: "stop" }, { usage })).toEqual([
      { type: "finish", reason: "stop", usage },
    ]);
  });

  test.each<[string, Partial<WireChunk>[], string, string]>([
    ["before it was finished", [{ text: "a" }], "MODEL_FAILED", "the stream ended before the answer was finished"],
    ["without a word", [{ finishReason: "stop" }], "MODEL_FAILED", "finished without text and without a tool call"],
    ["with blanks", [{ text: "\n", finishReason: "stop" }], "MODEL_FAILED", "finished without text"],
    ["with a thought alone", [{ text: "<think>hm</think>\n", finishReason: "stop" }], "MODEL_FAILED", "without text"],
    [
      "at its limit while it thought",
      [{ thinking: "hm", finishReason: "length" }],
      "MODEL_REFUSED",
      "raise maxOutputTokens",
    ],
    ["when all was held back", [{ finishReason: "content_filter" }], "MODEL_REFUSED", "content filter held"],
    ["when the server gave up", [{ text: "a", finishReason: "abort" }], "MODEL_FAILED", "gave the answer up (abort)"],
    [
      "when the server has no room",
      [{ text: "a", finishReason: "insufficient_system_resource" }],
      "UPSTREAM_UNAVAILABLE",
      "no room",
    ],
  ])("with an error %s", (_name, chunks, code, message) => {
    expect(() => ended(...chunks)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("with an error when it is too long or calls too much, as soon as it is", () => {
    const long = createAnswer(options);
    long.add(chunk({ text: "é".repeat(MAX_ANSWER_BYTES / 2) }));
    expect(() => long.add(chunk({ text: "x" }))).toThrow(`longer than ${MAX_ANSWER_BYTES} bytes`);
    const wordy = createAnswer(options);
    expect(() => wordy.add(chunk({ toolCalls: [piece(0, "a", "f", "x".repeat(MAX_ANSWER_BYTES + 1))] }))).toThrow(
      `longer than ${MAX_ANSWER_BYTES} bytes`,
    );
    const busy = createAnswer(options);
    const many = Array.from({ length: MAX_READ_CALLS }, (_, index) => piece(index, `id${index}`, "f"));
    busy.add(chunk({ toolCalls: many }));
    expect(() => busy.add(chunk({ toolCalls: [piece(MAX_READ_CALLS, "more", "f")] }))).toThrow(
      `more than ${MAX_READ_CALLS} tool calls`,
    );
  });
});
