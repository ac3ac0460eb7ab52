import type { ChatEvent } from "@soma/sdk/model-client";
import { describe, expect, it } from "vitest";
import { bytesOf, costOf, fittingOutput, mostInput, tokensOf, worstCost } from "./cost.ts";

const price = { inputPerMillion: 0.15, cachedInputPerMillion: 0.075, outputPerMillion: 0.6, currency: "USD" };

describe("costOf()", () => {
  it("is whole millionths, rounded up once", () => {
    expect(costOf(price, { input: 1_000_000, cached: 0, output: 1_000_000 })).toBe(750_000);
    expect(costOf(price, { input: 1, cached: 0, output: 0 })).toBe(1);
    expect(costOf(price, { input: 1_000, cached: 400, output: 10 })).toBe(90 + 30 + 6);
    expect(costOf(price, { input: 0, cached: 0, output: 0 })).toBe(0);
    expect(costOf(undefined, { input: 9, cached: 0, output: 9 })).toBe(0);
    const { cachedInputPerMillion: _none, ...rest } = price;
    expect(costOf(rest, { input: 1_000, cached: 1_000, output: 0 })).toBe(150);
  });

  it("loses nothing to the arithmetic of floating point", () => {
    const odd = { inputPerMillion: 0.07, outputPerMillion: 1.1, currency: "USD" };
    expect(costOf(odd, { input: 1_000_000, cached: 0, output: 0 })).toBe(70_000);
    expect(costOf(odd, { input: 0, cached: 0, output: 10_000_000 })).toBe(11_000_000);
  });
});

describe("worstCost()", () => {
  it("counts kept tokens by the dearer of both prices", () => {
    const dear = { ...price, cachedInputPerMillion: 1 };
    expect(worstCost(price, { input: 1_000, output: 0 })).toBe(150);
    expect(worstCost(dear, { input: 1_000, output: 0 })).toBe(1_000);
  });
});

describe("mostInput()", () => {
  it("is no less than the bytes of all that is sent", () => {
    const request = { messages: [{ role: "user", content: "ü".repeat(100) }], tools: [] } as const;
    expect(mostInput(request)).toBeGreaterThan(200 + 1_024);
    const output = { name: "n", schema: { description: "x".repeat(5_000) } };
    expect(mostInput({ ...request, output })).toBeGreaterThan(5_000 + 200 + 1_024);
  });
});

describe("fittingOutput()", () => {
  it("is the longest answer that money and tokens pay for, and no longer", () => {
    for (const money of [1_000, 1_001, 7_777]) {
      const output = fittingOutput({ money, tokens: null }, price, 100);
      expect(worstCost(price, { input: 100, output })).toBeLessThanOrEqual(money);
      expect(worstCost(price, { input: 100, output: output + 2 })).toBeGreaterThan(money);
    }
    expect(fittingOutput({ money: null, tokens: 150 }, price, 100)).toBe(50);
    expect(fittingOutput({ money: 1, tokens: null }, price, 100)).toBe(0);
    expect(fittingOutput({ money: 0, tokens: null }, undefined, 100)).toBe(Number.POSITIVE_INFINITY);
    expect(fittingOutput({ money: null, tokens: 20 }, undefined, 100)).toBe(-80);
  });
});

describe("tokensOf()", () => {
  const seen = { mostInput: 2_000, mostOutput: 100, bytes: 400, hasEnded: true };

  it("believes a provider between what was seen and the most it can be", () => {
    const reported = { inputTokens: 500, outputTokens: 90, cachedInputTokens: 300 };
    expect(tokensOf(reported, seen)).toEqual({ input: 500, cached: 300, output: 90 });
    expect(tokensOf({ inputTokens: 0, outputTokens: 0 }, seen)).toEqual({ input: 122, cached: 0, output: 50 });
    const boasts = { inputTokens: 1e9, outputTokens: 1e9, cachedInputTokens: 1e9 };
    expect(tokensOf(boasts, seen)).toEqual({ input: 2_000, cached: 2_000, output: 100 });
  });

  it("believes no one more tokens than the longest answer has bytes, also where nothing limits a call", () => {
    const lies = { inputTokens: 2 ** 53 - 1, outputTokens: 2 ** 53 - 1, cachedInputTokens: 2 ** 53 - 1 };
    const most = { input: 2_000, cached: 2_000, output: 1_000_000 };
    expect(tokensOf(lies, { ...seen, mostOutput: undefined })).toEqual(most);
    expect(costOf(price, most)).toBe(600_150);
  });

  it("counts each byte where a provider says nothing, or nonsense", () => {
    const most = { input: 2_000, cached: 0, output: 100 };
    expect(tokensOf(null, seen)).toEqual(most);
    for (const wrong of [-1, 0.5, Number.NaN])
      expect(tokensOf({ inputTokens: wrong, outputTokens: 1 }, seen)).toEqual(most);
    expect(tokensOf(null, { ...seen, bytes: 40 }).output).toBe(40);
    expect(tokensOf(null, { ...seen, bytes: 40, hasEnded: false }).output).toBe(100);
    expect(tokensOf(null, { ...seen, mostOutput: undefined, hasEnded: false }).output).toBe(400);
    expect(tokensOf({ inputTokens: 1, outputTokens: -5 }, { ...seen, mostOutput: undefined }).output).toBe(400);
    expect(tokensOf({ inputTokens: 500, outputTokens: 60, cachedInputTokens: -1 }, seen).cached).toBe(0);
  });
});

describe("bytesOf()", () => {
  it("counts what a model made", () => {
    const call = { id: "1", name: "clock", arguments: "{}" };
    const events: ChatEvent[] = [
      { type: "text", delta: "ü" },
      { type: "thinking", delta: "hm" },
      { type: "toolCall", call },
      { type: "note", text: "no tools" },
    ];
    expect(events.map(bytesOf)).toEqual([2, 2, 7, 0]);
  });
});
