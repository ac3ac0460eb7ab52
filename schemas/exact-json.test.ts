import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InexactNumber, isExact, parseExactJson, toExactJson } from "./exact-json.ts";

describe("parseExactJson()", () => {
  it.each([
    ['{"amount":12345678901234567890}', 'the number 12345678901234567890 at "amount"'],
    ['{"a":[1,-9007199254740993]}', 'the number -9007199254740993 at "a"'],
    ["1e400", "the number 1e400 cannot be kept"],
    ['{"tiny":1E-400}', 'the number 1E-400 at "tiny"'],
    [`{"long":${"9".repeat(500)}}`, `the number ${"9".repeat(40)} at "long"`],
  ])("refuses %s by its name", (text, message) => {
    expect(() => parseExactJson(text)).toThrow(message);
    expect(() => parseExactJson(text)).toThrow(InexactNumber);
  });

  it.each([
    "9007199254740992",
    "12345678901234567000",
    "1e22",
    "0e400",
    "-0",
    "0.12345678901234567890",
    '{"text":"12345678901234567890 and 1e400"}',
  ])("takes %s", (text) => {
    expect(parseExactJson(text)).toEqual(JSON.parse(text));
  });

  it("takes whatever was written by JSON.stringify, and gives it back", () => {
    const sameAs = (text: string): void => expect(parseExactJson(text)).toEqual(JSON.parse(text));
    fc.assert(fc.property(fc.json(), (text) => void sameAs(text)));
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(double, (value) => isExact(JSON.stringify(value))));
    expect(() => parseExactJson('{"a":1e400')).toThrow(SyntaxError);
  });
});

describe("toExactJson()", () => {
  it.each([
    [{ list: [{ amount: Number.POSITIVE_INFINITY }] }, 'the number Infinity at "amount"'],
    [{ part: Number.NaN }, 'the number NaN at "part"'],
    [{ order: 12345678901234567890n }, 'the number 12345678901234567890 at "order"'],
  ])("refuses %o by its name", (value, message) => {
    expect(() => toExactJson(value)).toThrow(message);
    expect(() => toExactJson(value)).toThrow(InexactNumber);
  });

  it("is JSON.stringify() for everything else", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => toExactJson(value) === JSON.stringify(value)));
  });
});
