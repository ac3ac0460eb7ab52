import type { ChatEvent } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { createAnswer, MAX_ANSWER_BYTES, MAX_TOOL_CALLS } from "./answer.ts";
import type { WireChunk, WireToolCall } from "./wire.ts";

const quote = (text: string, maxLength: number): string => text.slice(0, maxLength);

function chunk(changes: Partial<WireChunk> = {}): WireChunk {
  return { text: "", alive: true, toolCalls: [], finishReason: null, usage: null, ...changes };
}

function piece(index: number | null, id: string | null, name: string | null, written = ""): WireToolCall {
  return { index, id, name, arguments: written };
}

/** Ids, names and arguments of the calls that these pieces, one a chunk, make. */
function callsOf(pieces: WireToolCall[], finishReason = "tool_calls"): [string, string, string][] {
  const answer = createAnswer(quote);
  for (const each of pieces) answer.add(chunk({ toolCalls: [each] }));
  answer.add(chunk({ finishReason }));
  return answer
    .end()
    .flatMap((event): [string, string, string][] =>
      event.type === "toolCall" ? [[event.call.id, event.call.name, event.call.arguments]] : [],
    );
}

describe("createAnswer() puts tool calls together", () => {
  test("from pieces, with id and name only in the first", () => {
    expect(callsOf([piece(0, "a", "f"), piece(0, null, null, '{"x"'), piece(0, null, null, ":1}")])).toEqual([
      ["a", "f", '{"x":1}'],
    ]);
  });

  test("of several calls in turn", () => {
    const pieces = [
      piece(0, "a", "f"),
      piece(1, "b", "g"),
      piece(0, null, null, '{"x":'),
      piece(1, null, null, "{"),
      piece(0, null, null, "1}"),
      piece(1, null, null, "}"),
    ];
    expect(callsOf(pieces)).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", "{}"],
    ]);
  });

  test("whole in one chunk, with id and name in every piece, and with another id in a later piece", () => {
    expect(callsOf([piece(0, "a", "f", '{"x":1}')])).toEqual([["a", "f", '{"x":1}']]);
    expect(callsOf([piece(0, "a", "f", '{"x"'), piece(0, "a", "f", ":1}")])).toEqual([["a", "f", '{"x":1}']]);
    expect(callsOf([piece(0, "a", "f", '{"x"'), piece(0, "other", null, ":1}")])).toEqual([["a", "f", '{"x":1}']]);
  });

  test("that all have index 0, with ids and without", () => {
    expect(callsOf([piece(0, "a", "f", "{}"), piece(0, "b", "f", '{"x":1}')])).toEqual([
      ["a", "f", "{}"],
      ["b", "f", '{"x":1}'],
    ]);
    expect(callsOf([piece(0, null, "f", '{"x":1}'), piece(0, null, "f", '{"x":2}')])).toEqual([
      ["call_0", "f", '{"x":1}'],
      ["call_1", "f", '{"x":2}'],
    ]);
  });

  test("without an index: a new id begins another call, no id goes on", () => {
    expect(
      callsOf([piece(null, "a", "f", '{"x"'), piece(null, null, null, ":1}"), piece(null, "b", "g", "{}")]),
    ).toEqual([
      ["a", "f", '{"x":1}'],
      ["b", "g", "{}"],
    ]);
  });

  test("and gives each an id of its own", () => {
    expect(callsOf([piece(0, null, "f"), piece(1, null, "g")]).map(([id]) => id)).toEqual(["call_0", "call_1"]);
    expect(
      new Set(callsOf([piece(0, "call_1", "f"), piece(1, null, "g"), piece(2, "call_1", "h")]).map(([id]) => id)).size,
    ).toBe(3);
  });

  test("and reads arguments that are missing as an empty object", () => {
    expect(callsOf([piece(0, "a", "f")])).toEqual([["a", "f", "{}"]]);
  });
});

describe("createAnswer() ends", () => {
  const ended = (...chunks: Partial<WireChunk>[]): ChatEvent[] => {
    const answer = createAnswer(quote);
    for (const each of chunks) answer.add(chunk(each));
    return answer.end();
  };

  test.each([
    ["stop", [], "stop"],
    ["stop", [piece(0, "a", "f")], "tool_calls"],
    ["function_call", [piece(0, "a", "f")], "tool_calls"],
    ["length", [], "length"],
    ["content_filter", [], "content_filter"],
    ["eos", [], "stop"],
  ] as const)("with %s and calls %j as its reason says", (finishReason, toolCalls, reason) => {
    expect(ended({ text: "a", toolCalls: [...toolCalls], finishReason }).at(-1)).toEqual({
      type: "finish",
      reason,
      usage: null,
    });
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
    [
      "with a call of no tool",
      [{ toolCalls: [piece(0, "a", null, "{}")], finishReason: "stop" }],
      "MODEL_FAILED",
      "tool call 1 of the answer does not name its tool",
    ],
    [
      "with broken arguments",
      [{ toolCalls: [piece(0, "a", "f", '{"x":')], finishReason: "stop" }],
      "MODEL_FAILED",
      'call of f are not JSON: {"x":',
    ],
    [
      "at the limit inside a call",
      [{ toolCalls: [piece(0, "a", "f", '{"x":')], finishReason: "length" }],
      "MODEL_REFUSED",
      "raise maxOutputTokens",
    ],
  ])("with an error %s", (_name, chunks, code, message) => {
    expect(() => ended(...chunks)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("with an error when it is too long or calls too much, as soon as it is", () => {
    const long = createAnswer(quote);
    long.add(chunk({ text: "é".repeat(MAX_ANSWER_BYTES / 2) }));
    expect(() => long.add(chunk({ text: "x" }))).toThrow(`longer than ${MAX_ANSWER_BYTES} bytes`);
    const wordy = createAnswer(quote);
    expect(() => wordy.add(chunk({ toolCalls: [piece(0, "a", "f", "x".repeat(MAX_ANSWER_BYTES + 1))] }))).toThrow(
      `longer than ${MAX_ANSWER_BYTES} bytes`,
    );
    const busy = createAnswer(quote);
    const many = Array.from({ length: MAX_TOOL_CALLS }, (_, index) => piece(index, `id${index}`, "f"));
    busy.add(chunk({ toolCalls: many }));
    expect(() => busy.add(chunk({ toolCalls: [piece(MAX_TOOL_CALLS, "more", "f")] }))).toThrow(
      `more than ${MAX_TOOL_CALLS} tool calls`,
    );
  });
});
