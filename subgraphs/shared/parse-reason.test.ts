import { describe, expect, it } from "vitest";
import { parseReason } from "./parse-reason.ts";

describe("parseReason()", () => {
  it("takes 1 to 1000 characters, without the spaces around them", () => {
    expect(parseReason("  case 7 ")).toBe("case 7");
    expect(parseReason("x".repeat(1_000))).toHaveLength(1_000);
    expect(() => parseReason(" ")).toThrow("the reason is 1 to 1000 characters, and this is 0");
    expect(() => parseReason("x".repeat(1_001))).toThrow("this is 1001");
  });
});
