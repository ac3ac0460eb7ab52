import { describe, expect, it } from "vitest";
import { isRelation } from "./relation.ts";

describe("isRelation()", () => {
  it("takes lower-case words joined by underscores, up to 40 characters", () => {
    expect(["a", "answered_by", "a".repeat(40)].map(isRelation)).toEqual([true, true, true]);
    const refused = ["", "_a", "a_", "a__b", "A", "a b", "a1", "a\u0000", "a".repeat(41)];
    expect(refused.filter(isRelation)).toEqual([]);
  });
});
