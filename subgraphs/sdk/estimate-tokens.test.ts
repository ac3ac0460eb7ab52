import { describe, expect, it } from "vitest";
import { cutMiddle, estimateTokens, joinCut } from "./estimate-tokens.ts";

describe("estimateTokens()", () => {
  it.each([
    ["", 0],
    ["the quick brown fox", 7],
    ["1234", 4],
    ["{}", 2],
    ["éé", 2],
    ["日本語", 6],
    ["😀", 3],
  ])("takes %j for %i", (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it("stays between a third of the bytes and all of them, whatever the text is", () => {
    for (let code = 1; code < 0x11_0000; code += 37) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const text = String.fromCodePoint(code).repeat(6);
      const bytes = Buffer.byteLength(text);
      expect(estimateTokens(text), text).toBeLessThanOrEqual(bytes);
      expect(estimateTokens(text), text).toBeGreaterThanOrEqual(bytes / 3);
    }
  });
});

describe("cutMiddle()", () => {
  it("leaves alone what fits", () => {
    expect(cutMiddle("short", 2)).toBe("short");
  });

  it("keeps the beginning and the end, and tells how much is missing", () => {
    const text = `begin${"x".repeat(10_000)}end`;
    const short = cutMiddle(text, 100);
    expect(short).toMatch(/^begin.*\n\[\.\.\. \d+ characters left out \.\.\.\]\n.*end$/s);
    expect(estimateTokens(short)).toBeLessThanOrEqual(100);
    const missing = Number(/\d+/.exec(short)?.[0]);
    expect(short.replace(/\n\[.*\]\n/, "")).toHaveLength(text.length - missing);
  });

  it("cuts no character in two, and leaves the mark alone where there is room for nothing else", () => {
    const short = cutMiddle("😀".repeat(1_000), 101);
    expect(short.isWellFormed()).toBe(true);
    expect(cutMiddle("x".repeat(1_000), 0)).toBe("\n[... 1000 characters left out ...]\n");
    expect(joinCut("a\ud83d", "\ude00b", 3)).toBe("a\n[... 5 characters left out ...]\nb");
  });
});
