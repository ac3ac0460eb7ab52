import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit, splitFrames } from "./split-frames.ts";

describe("splitFrames()", () => {
  it("keeps every text whole, in parts that are not too large and not cut inside a character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 200 }),
        fc.integer({ min: 4, max: 40 }),
        (text, maxBytes) => {
          const parts = splitFrames(text, maxBytes);
          expect(parts.join("")).toBe(text);
          for (const part of parts) {
            expect(Buffer.byteLength(part)).toBeLessThanOrEqual(maxBytes);
            expect(part).not.toContain("\ufffd");
          }
        },
      ),
    );
  });

  it("cuts a long text at 16 KB", () => {
    expect(splitFrames("x".repeat(40_000)).map((part) => part.length)).toEqual([16_384, 16_384, 7_232]);
  });
});

describe("fit()", () => {
  it("keeps what fits and says whether something was left out", () => {
    expect(fit("abc", 3)).toEqual({ kept: "abc", dropped: false });
    expect(fit("abcd", 3)).toEqual({ kept: "abc", dropped: true });
    expect(fit("aä", 2)).toEqual({ kept: "a", dropped: true });
    expect(fit("ä", 1)).toEqual({ kept: "", dropped: true });
    expect(fit("a", 0)).toEqual({ kept: "", dropped: true });
    expect(fit("", 0)).toEqual({ kept: "", dropped: false });
  });
});
