import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseArithmetic } from "./arithmetic.ts";

describe("parseArithmetic()", () => {
  test.each([
    ["37*12", "37*12"],
    ["37 *  12", "37 * 12"],
    ["(2+3)*4", "(2+3)*4"],
    ["2 plus 3", "2 + 3"],
    ["two times Three", "2 * 3"],
    ["10 minus 4 divided by 2", "10 - 4 / 2"],
    ["7 x 8", "7 * 8"],
    ["7x8", "7*8"],
    ["6 × 7 ÷ 2", "6 * 7 / 2"],
    ["9 − 4", "9 - 4"],
    ["2**10", "2^10"],
    ["2 to the power of 8", "2 ^ 8"],
    ["5 squared", "5 ^2"],
    ["5²+2³", "5^2+2^3"],
    ["20% of 50", "20 / 100 * 50"],
    ["17 mod 5", "17 % 5"],
    ["1,000,000 + 1", "1000000 + 1"],
    ["square root of 16", "sqrt(16)"],
    ["max(1, 2) * pi", "max(1, 2) * pi"],
    ["-3 + +4", "-3 + +4"],
    [".5 + 1.25", ".5 + 1.25"],
    ["2+2 = ?", "2+2"],
    ["３７×１２", "37*12"],
  ])("reads %s", (text, expression) => {
    expect(parseArithmetic(text)).toEqual({ expression, computes: true });
  });

  test("tells a lone number from something to compute", () => {
    expect(parseArithmetic("42")).toEqual({ expression: "42", computes: false });
    expect(parseArithmetic("(42)")).toEqual({ expression: "(42)", computes: false });
  });

  test.each([
    ["nothing", ""],
    ["words", "the meaning of life"],
    ["an open bracket", "(1+2"],
    ["a closing bracket", "1+2)"],
    ["empty brackets", "()+1"],
    ["a missing value", "2 plus"],
    ["a missing operator", "2 3"],
    ["two operators", "2 * / 3"],
    ["a comma outside of a function", "1, 2"],
    ["a name that is no function", "sin(1)"],
    ["code", "process.exit(1)"],
    ["a decimal comma", "3,5 + 1"],
    ["more than the tool reads", `${"1+".repeat(300)}1`],
    ["ten thousand brackets", "(".repeat(10_000)],
  ])("does not take %s for arithmetic", (_name, text) => {
    expect(parseArithmetic(text)).toBeUndefined();
  });

  test("ends for any text, and what it accepts holds nothing but arithmetic", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."0123456789.+-*/%^(), x=?²×piwsqrtmax"), maxLength: 80 }),
        (text) => {
          const read = parseArithmetic(text);
          if (read !== undefined)
            expect(read.expression).toMatch(/^(?:[-+*/%^()., \d]|pi|sqrt|abs|round|floor|ceil|min|max)+$/i);
        },
      ),
    );
  });
});
