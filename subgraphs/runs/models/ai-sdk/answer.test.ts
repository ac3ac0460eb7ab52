import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import { MAX_ANSWER_BYTES } from "../answer-end.ts";
import { MAX_READ_CALLS } from "../calls-of-answer.ts";
import { createQuote } from "../model-error.ts";
import { createAnswer } from "./answer.ts";

type Part = LanguageModelV4StreamPart;

const BY = "m at a, by b";

function heard(...parts: object[]) {
  const answer = createAnswer(BY, createQuote());
  const said = parts.flatMap((part) => answer.add(part as Part).events);
  return [...said, ...answer.end()];
}

const text = (delta: string) => ({ type: "text-delta", id: "1", delta });
const call = (input: string, toolCallId = "a") => ({ type: "tool-call", toolCallId, toolName: "f", input });
const finish = (unified: string, raw?: string, usage: object = {}) => ({
  ...{ type: "finish", finishReason: { unified, raw }, usage },
});

describe("createAnswer() of the AI SDK", () => {
  test("keeps a thought with all that was said of it, a call with its signature, and text that is signed", () => {
    const events = heard(
      { type: "stream-start", warnings: [] },
      { type: "reasoning-start", id: "1", providerMetadata: { x: { id: "r" } } },
      { type: "reasoning-delta", id: "1", delta: "hm" },
      { type: "reasoning-delta", id: "1", delta: "", providerMetadata: { x: { signature: "s" } } },
      { type: "reasoning-end", id: "1" },
      { type: "text-start", id: "1" },
      text("hi"),
      { type: "text-end", id: "1", providerMetadata: { x: { signature: "t" } } },
      { type: "tool-input-delta", id: "a", delta: "{" },
      { ...call('{"q":1}'), providerMetadata: { x: { signature: "u" } } },
      finish("tool-calls", "tool_use", { inputTokens: { total: 3 }, outputTokens: { total: 2 } }),
    );
    expect(events).toEqual([
      { type: "thinking", delta: "hm" },
      { type: "text", delta: "hi" },
      { type: "toolCall", call: { id: "a", name: "f", arguments: '{"q":1}', given: { id: "a" } } },
      {
        ...{ type: "finish", reason: "tool_calls", usage: { inputTokens: 3, outputTokens: 2 } },
        given: {
          by: BY,
          fields: {
            parts: [
              { type: "reasoning", text: "hm", providerOptions: { x: { id: "r", signature: "s" } } },
              { type: "text", text: "hi", providerOptions: { x: { signature: "t" } } },
              ...[{ type: "tool-call", toolCallId: "a", toolName: "f", input: { q: 1 } }].map((part) => ({
                ...part,
                providerOptions: { x: { signature: "u" } },
              })),
            ],
          },
        },
      },
    ]);
  });

  test("keeps nothing of plain text, and reads older versions of the packages", () => {
    const end = { type: "finish", finishReason: "stop", usage: { inputTokens: 3, outputTokens: 2 } };
    expect(heard(text("<think>a</think>hi"), end)).toEqual([
      { type: "thinking", delta: "a" },
      { type: "text", delta: "hi" },
      { type: "finish", reason: "stop", usage: { inputTokens: 3, outputTokens: 2 } },
    ]);
  });

  test("says what the server calls the answer and who gave it", () => {
    const named = { type: "response-metadata", id: "msg_1", modelId: "m-1", timestamp: new Date(0) };
    expect(heard(named, text("a"), finish("stop", "x")).at(-1)).toMatchObject({
      response: { id: "msg_1", model: "m-1" },
    });
  });

  test("gives calls that are broken, empty or alike as they are, each with an id of its own", () => {
    const calls = heard(call("{no"), call(""), call("{}", ""), finish("stop", "x")).flatMap((event) =>
      event.type === "toolCall" ? [[event.call.id, event.call.arguments]] : [],
    );
    expect(calls).toEqual([
      ["a", "{no"],
      ["call_1", "{}"],
      ["call_2", "{}"],
    ]);
  });

  test.each([
    ["length", "max_tokens", "length"],
    ["content-filter", "refusal", "content_filter"],
    ["other", "eos", "stop"],
  ])("ends as its reason says: %s", (unified, raw, reason) => {
    expect(heard(text("a"), finish(unified, raw)).at(-1)).toMatchObject({ reason });
  });

  test.each<[string, object[], string]>([
    ["no end", [text("a")], "ended before the answer was finished"],
    ["an end that is none", [text("a"), finish("other", "pause_turn")], "gave the answer up (pause_turn)"],
    ["an error", [text("a"), finish("error", "x")], "gave the answer up (error)"],
    [
      "an end without a reason, as a stream that broke has",
      [text("a"), finish("other")],
      "ended before the answer was",
    ],
    ["an error", [text("a"), finish("error", "ERROR")], "gave the answer up (error)"],
    ["nothing", [finish("stop", "x")], "without text and without a tool call"],
    ["an overload", [{ type: "error", error: { type: "overloaded_error", message: "later" } }], "answer: later"],
    ["an error that is text", [{ type: "error", error: "oops" }], "answer: oops"],
    ["an error of another shape", [{ type: "error", error: { code: 1 } }], 'answer: {"code":1}'],
    ["an error that was thrown", [{ type: "error", error: new Error("oops") }], "oops"],
    ["too much", [text("x".repeat(MAX_ANSWER_BYTES + 1))], "is longer than"],
    ["too many calls", Array.from({ length: MAX_READ_CALLS + 1 }, () => call("{}")), "tool calls"],
  ])("refuses %s", (_name, parts, words) => {
    expect(() => heard(...parts)).toThrow(words);
  });

  test("tells an overload from other errors, so that the run waits", () => {
    const overload = { type: "error", error: { type: "overloaded_error", message: "later" } };
    expect(() => heard(overload)).toThrow(expect.objectContaining({ code: "UPSTREAM_UNAVAILABLE" }));
    expect(() => heard({ type: "error", error: "oops" })).toThrow(expect.objectContaining({ code: "MODEL_FAILED" }));
  });
});
