import { describe, expect, it } from "vitest";
import { parseRevoked } from "./revoked.ts";

describe("parseRevoked()", () => {
  it("takes ids of keys and of tokens, either of which may be left out", () => {
    expect(parseRevoked({ keys: ["a"], tokens: ["b", "c"] })).toEqual({
      keys: new Set(["a"]),
      tokens: new Set(["b", "c"]),
    });
    expect(parseRevoked({})).toEqual({ keys: new Set(), tokens: new Set() });
  });

  it.each([
    [["a"], "is not an object"],
    [null, "is not an object"],
    [{ key: ["a"] }, "has key; it takes keys and tokens"],
    [{ keys: "a" }, "has keys that are not a list of texts"],
    [{ tokens: [7] }, "has tokens that are not a list of texts"],
  ])("refuses %j", (value, why) => {
    expect(() => parseRevoked(value)).toThrow(why);
  });
});
