import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordVector } from "./word-vector.ts";

const near = (one: string, other: string): number => {
  const [a, b] = [wordVector(one, 64), wordVector(other, 64)];
  return a.reduce((sum, number, at) => sum + number * (b[at] ?? 0), 0);
};

describe("wordVector()", () => {
  it("is of length one and the same each time, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 200 }), (text, dimensions) => {
        const vector = wordVector(text, dimensions);
        expect(vector).toHaveLength(dimensions);
        expect(Math.hypot(...vector)).toBeCloseTo(1);
        expect(wordVector(text, dimensions)).toEqual(vector);
      }),
    );
  });

  it("is near where words are the same, in whatever order and case", () => {
    expect(near("The red apple", "apple, THE red")).toBeCloseTo(1);
    expect(near("a red apple", "the red pear")).toBeGreaterThan(near("a red apple", "nothing like it"));
  });
});
