import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutToWidth, displayWidth, padToWidth } from "./display-width.ts";

describe("displayWidth()", () => {
  it.each([
    ["plain", 5],
    ["", 0],
    ["日本語", 6],
    ["ｶﾅ", 2],
    ["Ｆｕｌｌ", 8],
    ["한국", 4],
    ["\u1112\u1161\u11ab", 2],
    ["e\u0301", 1],
    ["\u0301", 0],
    ["Zalgo\u0300\u0301\u0302\u0303", 5],
    ["สวัสดี", 4],
    ["हिन्दी", 3],
    ["שָׁלוֹם", 4],
    ["👍🏽", 2],
    ["👨‍👩‍👧‍👦", 2],
    ["🇩🇪🇯🇵", 4],
    ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2],
    ["1️⃣", 2],
    ["❤", 1],
    ["❤️", 2],
    ["⌚", 2],
    ["✓ … ─ █", 7],
    ["a\u200bb\u200d\ufeff", 2],
    ["𠮷野家", 6],
    ["𝓪", 1],
  ])("of %j is %i", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("cutToWidth()", () => {
  it.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "ab…"],
    ["日本語", 4, "日…"],
    ["日本語", 5, "日本…"],
    ["👨‍👩‍👧👨‍👩‍👧", 3, "👨‍👩‍👧…"],
    ["👨‍👩‍👧👨‍👩‍👧", 2, "…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["abc", 0, ""],
  ])("of %j to %i is %j", (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
  });

  it("of whatever text to whatever width fits, and is the text's beginning", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (whole, width) => {
        const cut = cutToWidth(whole, width);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        expect(whole.startsWith(cut === whole ? cut : cut.slice(0, -1))).toBe(true);
        expect(displayWidth(padToWidth(cut, 30))).toBe(30);
      }),
    );
  });
});
