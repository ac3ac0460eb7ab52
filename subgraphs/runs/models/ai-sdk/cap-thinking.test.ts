import { describe, expect, test } from "vitest";
import { capThinking } from "./cap-thinking.ts";

const thinking = (tokens: number) => ({ type: "enabled", budget_tokens: tokens });

describe("capThinking()", () => {
  test.each<[string, object, number, object]>([
    [
      "thoughts that are less than half stay",
      { max_tokens: 9_000, thinking: thinking(2_000) },
      7_000,
      { max_tokens: 7_000, thinking: thinking(2_000) },
    ],
    [
      "thoughts get half at most",
      { max_tokens: 24_000, thinking: thinking(20_000), x: 1 },
      4_000,
      { max_tokens: 4_000, thinking: thinking(2_000), x: 1 },
    ],
    [
      "there are none where half is too little",
      { max_tokens: 3_000, thinking: thinking(1_024) },
      2_000,
      { max_tokens: 2_000 },
    ],
  ])("%s", (_name, body, most, capped) => {
    expect(JSON.parse(String(capThinking(JSON.stringify(body), most)))).toEqual(capped);
  });

  test.each<[unknown, number | undefined]>([
    [JSON.stringify({ max_tokens: 9_000, thinking: thinking(2_000) }), undefined],
    [JSON.stringify({ max_tokens: 9_000, thinking: thinking(2_000) }), 9_000],
    [JSON.stringify({ max_tokens: 9_000, thinking: { type: "adaptive" } }), 100],
    [JSON.stringify({ maxTokens: 9_000 }), 100],
    ["no JSON", 100],
    [undefined, 100],
  ])("leaves %s alone for %s", (body, most) => {
    expect(capThinking(body, most)).toBe(body);
  });
});
