import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAsMade, parseEnvText, toEnvLine, toEnvText } from "./env-text.ts";

const UNSAFE = /["$`\\\p{Cc}]/u;
const value = fc.string({ unit: "grapheme" }).filter((text) => !UNSAFE.test(text));
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/);

describe("toEnvText()", () => {
  it("is read again as what was written, spaces, # and every letter of the world too", () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (values) => {
        const text = toEnvText({ mode: "prod", values, elsewhere: { KEY: "secret a/b" } });
        expect(parseEnvText(text)).toEqual({ ...values });
      }),
    );
  });

  it("knows its own text from one that was changed, and from another file", () => {
    const text = toEnvText({ mode: "prod", values: { A: "1" }, elsewhere: {} });
    expect(isAsMade(text)).toBe(true);
    expect([text.replace("A=1", "A=2"), `${text}B=1\n`, "A=1\n", ""].map(isAsMade)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

it("toEnvLine() quotes what needs it, and refuses what a shell and compose would read in different ways", () => {
  expect(toEnvLine("A", "http://runs:4701/graphql")).toBe("A=http://runs:4701/graphql");
  expect(toEnvLine("A", "npx soma signin")).toBe('A="npx soma signin"');
  for (const text of ["$HOME", '{"a":1}', "`id`", "a\nb", "a\\b", "a\tb"])
    expect(() => toEnvLine("A", text)).toThrow("A cannot be written into an env file");
});
