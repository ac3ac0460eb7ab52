import { describe, expect, it } from "vitest";
import { parseRevoked } from "./revoked.ts";

describe("parseRevoked()", () => {
  it("takes ids of keys and of tokens, either of which may be left out", () => {
    expect(parseRevoked('{"keys":["a"],"tokens":["b","c"]}')).toEqual({
      keys: new Set(["a"]),
      tokens: new Set(["b", "c"]),
    });
    expect(parseRevoked("{}")).toEqual({ keys: new Set(), tokens: new Set() });
  });

  it.each([
    ["", "it is not JSON"],
    ['{"keys":["a"]', "it is not JSON"],
    ['["a"]', "it is not an object"],
    ["null", "it is not an object"],
    ['{"key":["a"]}', "it has key; it takes keys and tokens"],
    ['{"keys":"a"}', "its keys are not a list of texts"],
    ['{"tokens":[7]}', "its tokens are not a list of texts"],
  ])("refuses %s", (text, why) => {
    expect(() => parseRevoked(text)).toThrow(why);
  });
});
