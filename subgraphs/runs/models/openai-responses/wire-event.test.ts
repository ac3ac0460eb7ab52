import { describe, expect, test } from "vitest";
import { createQuote } from "../model-error.ts";
import { parseEvent } from "./wire-event.ts";

const quote = createQuote("sk-secret-key-123456");
const parse = (event: unknown) => parseEvent(typeof event === "string" ? event : JSON.stringify(event), quote);

describe("parseEvent()", () => {
  test.each([
    [{ type: "ping" }],
    [{}],
    [{ type: "response.created", response: { error: null } }],
    [{ type: "response.some_thing_new.delta", delta: "x" }],
    [{ type: "response.output_text.done", text: "x" }],
    [{ type: "response.output_item.added" }],
  ])("makes nothing of %j", (event) => {
    expect(parse(event).kind).toBe("other");
  });

  test.each([
    ["what is not JSON", "<<<", "MODEL_FAILED", "something that is not JSON: <<<"],
    ["a list", "[]", "MODEL_FAILED", "JSON that is not an object"],
    ["another API", { choices: [] }, "MODEL_FAILED", "JSON that is not a part of an answer"],
    [
      "an error of the stream",
      { type: "error", code: "server_error", message: "oops" },
      "MODEL_FAILED",
      "answer: oops",
    ],
    ["one in an object", { type: "error", error: { message: "oops" } }, "MODEL_FAILED", "answer: oops"],
    [
      "an error in place of an answer",
      { error: { message: "no key sk-secret-key-123456" } },
      "MODEL_FAILED",
      "no key [key]",
    ],
    ["a detail", { detail: "gone" }, "MODEL_FAILED", "answer: gone"],
    [
      "a failure",
      { type: "response.failed", response: { error: { code: "server_error", message: "x" } } },
      "MODEL_FAILED",
      "answer: x",
    ],
    ["one without words", { type: "response.failed" }, "MODEL_FAILED", "response.failed"],
    [
      "a failed answer",
      { object: "response", status: "failed", error: { code: "x", message: "y" } },
      "MODEL_FAILED",
      "answer: y",
    ],
    [
      "one of too many",
      { type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "x" } } },
      "UPSTREAM_UNAVAILABLE",
      "x",
    ],
    ["one that no waiting mends", { type: "error", code: "insufficient_quota", message: "x" }, "MODEL_REFUSED", "x"],
    ["a prompt that is none", { type: "error", code: "invalid_prompt", message: "x" }, "MODEL_REFUSED", "x"],
  ])("throws %s", (_name, event, code, words) => {
    expect(() => parse(event)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });

  test("tells where an event belongs, as far as the server says", () => {
    const delta = { type: "response.output_text.delta", delta: "a" };
    expect(parse({ ...delta, output_index: 2, item_id: "m" })).toEqual({
      kind: "text",
      delta: "a",
      index: 2,
      itemId: "m",
    });
    expect(parse(delta)).toEqual({ kind: "text", delta: "a", index: null, itemId: null });
    expect(parse({ type: "response.output_item.added", item: { id: "m" } })).toMatchObject({
      state: "BEGUN",
      itemId: "m",
    });
  });
});
