import { describe, expect, it } from "vitest";
import { askedRaise, isSameBudget, parseAmount } from "./budget-raise.ts";

const asked = { scope: "role", name: "assistant", daily: true, measure: "money", raise: 500_000 } as const;

describe("askedRaise()", () => {
  it("reads what a question is about, and nothing out of other details", () => {
    expect(askedRaise({ budget: asked })).toEqual(asked);
    const wrong = [{ scope: "x" }, { measure: "x" }, { name: 1 }, { daily: 1 }, { raise: "1" }, { raise: 0.5 }];
    for (const change of wrong) expect(askedRaise({ budget: { ...asked, ...change } })).toBeUndefined();
    for (const other of [null, [], { budget: 1 }]) expect(askedRaise(other)).toBeUndefined();
  });
});

describe("isSameBudget()", () => {
  it("compares whose and what, not how much", () => {
    expect(isSameBudget(asked, { ...asked, raise: 1 })).toBe(true);
    const others = [{ scope: "agent" }, { name: "x" }, { daily: false }, { measure: "tokens" }] as const;
    for (const change of others) expect(isSameBudget(asked, { ...asked, ...change })).toBe(false);
  });
});

describe("parseAmount()", () => {
  it("takes money to a millionth and whole counts, and refuses all else", () => {
    expect(["0.50", "12", "0.000001"].map((text) => parseAmount("money", text))).toEqual([500_000, 12_000_000, 1]);
    expect(parseAmount("tokens", "1000")).toBe(1_000);
    for (const text of ["-1", "1e3", "0.0000001", "", "1,5"])
      expect(() => parseAmount("money", text)).toThrow(/is no amount of money/);
    expect(() => parseAmount("toolCalls", "1.5")).toThrow('"1.5" is no number of toolCalls');
  });
});
