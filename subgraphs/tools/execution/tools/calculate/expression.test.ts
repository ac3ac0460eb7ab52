import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateExpression, formatNumber } from "./expression.ts";

describe("evaluateExpression()", () => {
  it("computes", () => {
    const table: [string, number][] = [
      ["1+2*3", 7],
      ["(1+2)*3", 9],
      ["7-2-3", 2],
      ["100/10/5", 2],
      ["2^3^2", 512],
      ["-2^2", -4],
      ["2^-1", 0.5],
      ["--3", 3],
      ["-(-3)", 3],
      ["+5", 5],
      ["7 % 4", 3],
      ["-7 % 4", -3],
      ["1.5e3 + .5", 1_500.5],
      ["5.", 5],
      ["sqrt(16) + abs(-2)", 6],
      ["round(2.5) + floor(2.9) + ceil(2.1)", 8],
      ["min(3, 1, 2) + max(4)", 5],
      ["PI", Math.PI],
      ["e^0", 1],
      ["2^53 - 1", 9_007_199_254_740_991],
      ["5^22", 2_384_185_791_015_625],
      ["3^33", 5_559_060_566_555_523],
      ["0^0", 1],
      ["\t 1 \n+ 1 ", 2],
    ];
    for (const [text, value] of table) expect(evaluateExpression(text), text).toBe(value);
  });

  it("says what is wrong and where", () => {
    const table: [string, string, string][] = [
      ["", "bad_expression", "the end at position 1 where a number was expected"],
      ["1+", "bad_expression", "the end at position 3"],
      ["1 2", "bad_expression", '"2" at position 3 where an operator or the end was expected'],
      ["(1", "bad_expression", 'the end at position 3 where ")" was expected'],
      ["1)", "bad_expression", '")" at position 2'],
      ["2 * $x", "bad_expression", '"$" at position 5 means nothing here'],
      ["sin(1)", "bad_expression", '"sin" at position 1 is not known'],
      ["sqrt 4", "bad_expression", '"4" at position 6 where "(" was expected'],
      ["sqrt(1, 2)", "bad_expression", "sqrt at position 1 takes at most 1 values, not 2"],
      ["min()", "bad_expression", '")" at position 5'],
      ["constructor", "bad_expression", '"constructor" at position 1 is not known'],
      ["1/0", "division_by_zero", '"/" at position 2'],
      ["5 % (1-1)", "division_by_zero", '"%" at position 3'],
      ["0^-1", "division_by_zero", '"^" at position 2'],
      ["9^999", "overflow", '"^" at position 2 is too large'],
      ["1e999", "overflow", '"1e999" at position 1 is too large'],
      ["1e308*10", "overflow", '"*" at position 6'],
      ["sqrt(-1)", "not_a_number", '"sqrt" at position 1 has no real value'],
      ["(-8)^0.5", "not_a_number", '"^" at position 5'],
      [`${"1+".repeat(250)}1`, "bad_expression", "501 characters"],
      [`${"(".repeat(70)}1`, "bad_expression", "nested more than 64 deep"],
      [`${"-".repeat(300)}1`, "bad_expression", "nested more than 64 deep"],
      [`2${"^2".repeat(100)}`, "bad_expression", "nested more than 64 deep"],
    ];
    for (const [text, type, message] of table) {
      let caught: unknown;
      try {
        evaluateExpression(text);
      } catch (error) {
        caught = error;
      }
      expect(caught, text).toMatchObject({ type, message: expect.stringContaining(message) });
    }
  });

  it("reads what is nested 60 deep", () => {
    expect(evaluateExpression(`${"(".repeat(60)}1${")".repeat(60)}`)).toBe(1);
  });

  it("is exact for whole numbers as long as every step stays within 2^53", () => {
    const whole = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(
        whole,
        whole,
        whole,
        fc.constantFrom("+", "-", "*"),
        fc.constantFrom("+", "-"),
        (a, b, c, first, second) => {
          const sign = {
            "+": (x: bigint, y: bigint) => x + y,
            "-": (x: bigint, y: bigint) => x - y,
            "*": (x: bigint, y: bigint) => x * y,
          };
          const exact = sign[second](sign[first](BigInt(a), BigInt(b)), BigInt(c));
          expect(BigInt(evaluateExpression(`(${a}) ${first} (${b}) ${second} (${c})`))).toBe(exact);
        },
      ),
    );
  });

  it("takes exact whole powers", () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 9 }), (base, exponent) => {
        expect(BigInt(evaluateExpression(`(${base})^${exponent}`))).toBe(BigInt(base) ** BigInt(exponent));
      }),
    );
  });

  it("throws nothing but its own errors for any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."0123456789.+-*/%^(), eEpisqrtabnmx$\u00e4\n"), maxLength: 60 }),
        (text) => {
          try {
            expect(Number.isFinite(evaluateExpression(text))).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ name: "ToolError" });
          }
        },
      ),
    );
  });
});

describe("formatNumber()", () => {
  it("hides the noise of floating point, but nothing of whole numbers", () => {
    expect(formatNumber(0.1 + 0.2)).toBe("0.3");
    expect(formatNumber(-0)).toBe("0");
    expect(formatNumber(9_007_199_254_740_991)).toBe("9007199254740991");
    expect(formatNumber(1 / 3)).toBe("0.333333333333333");
    expect(formatNumber(1e21)).toBe("1e+21");
  });
});
