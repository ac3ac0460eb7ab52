import type { JsonObject } from "@soma/schemas/json";
import { describe, expect, test } from "vitest";
import { mergeExtra, retellExtra } from "./merge-extra.ts";

const merged = (...pieces: JsonObject[]): JsonObject => pieces.reduce(mergeExtra, {});

describe("mergeExtra()", () => {
  test("joins text that comes in pieces, and takes the last word otherwise", () => {
    expect(merged({ reasoning_content: "a", x_id: "1" }, { reasoning_content: "a" }, { x_id: "1" })).toEqual({
      ...{ reasoning_content: "aa", x_id: "1" },
    });
    expect(merged({ a: 1 }, { a: "b" })).toEqual({ a: "b" });
  });

  test("goes into objects, and joins lists", () => {
    expect(merged({ o: { a: 1 } }, { o: { b: [1] } }, { o: { b: [2, "x"] } })).toEqual({ o: { a: 1, b: [1, 2, "x"] } });
  });

  test("puts numbered items together, and a thought with its signature", () => {
    const details = (index: number, text: string) => ({ reasoning_details: [{ index, type: "reasoning.text", text }] });
    expect(merged(details(0, "a"), details(1, "x"), details(0, "b"))).toEqual({
      reasoning_details: [
        { index: 0, type: "reasoning.text", text: "ab" },
        { index: 1, type: "reasoning.text", text: "x" },
      ],
    });
    const block = (thinking: string, more: JsonObject = {}) => ({
      thinking_blocks: [{ type: "thinking", thinking, ...more }],
    });
    expect(merged(block("a"), block("b"), block("", { signature: "s" }), block("c"))).toEqual({
      thinking_blocks: [
        { type: "thinking", thinking: "ab", signature: "s" },
        { type: "thinking", thinking: "c" },
      ],
    });
  });

  test.each([[null], [""]])("takes a thought whose signature is %j for one that is not signed yet", (none) => {
    const block = (thinking: string, signature: string | null = none) => ({
      thinking_blocks: [{ type: "thinking", thinking, signature }],
    });
    expect(merged(block("a"), block("b"), block("", "s"), block("c"), block("d"), block("", "t"))).toEqual({
      thinking_blocks: [
        { type: "thinking", thinking: "ab", signature: "s" },
        { type: "thinking", thinking: "cd", signature: "t" },
      ],
    });
    const details = (more: JsonObject) => ({ reasoning_details: [{ index: 0, type: "reasoning.text", ...more }] });
    expect(merged(details({ signature: "s", format: "x" }), details({ signature: none, format: none }))).toEqual(
      details({ signature: "s", format: "x" }),
    );
  });

  test("makes one part of the pieces of a thought, and of those of a text", () => {
    const thought = (text: string) => ({ content: [{ type: "thinking", thinking: [{ type: "text", text }] }] });
    const text = (said: string) => ({ content: [{ type: "text", text: said }] });
    expect(merged(thought("a"), thought("b"), text("c"), text("d"))).toEqual({
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "ab" }] },
        { type: "text", text: "cd" },
      ],
    });
  });

  test("keeps a bounded number of items, and takes no longer for many", () => {
    const many = { x: Array.from({ length: 100_000 }, (_, index) => ({ index })) };
    expect((merged(many, many).x as unknown[]).length).toBe(2_000);
  });
});

describe("retellExtra()", () => {
  test("takes what is told as a whole for what its pieces said, and keeps what it does not tell", () => {
    const before = { thinking: "a", sig: "s", google: { thought_signature: "x", more: 1 }, none: "n" };
    const whole = { thinking: "a", google: { thought_signature: "xy" }, sig: "", none: null, late: [1] };
    expect(retellExtra(before, whole)).toEqual({
      ...{ thinking: "a", sig: "s", google: { thought_signature: "xy", more: 1 }, none: "n", late: [1] },
    });
  });
});
