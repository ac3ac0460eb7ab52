import { describe, expect, it } from "vitest";
import { MAX_TITLE, parseTitle } from "./session-title.ts";

describe("parseTitle()", () => {
  it.each([
    ["a name as it is", "Tea for two", "Tea for two"],
    ["several lines as one", " Tea\n\tfor  two ", "Tea for two"],
    ["nothing as no name", " \n ", null],
    ["as many characters as may be, not units", "🍵".repeat(MAX_TITLE), "🍵".repeat(MAX_TITLE)],
  ])("takes %s", (_name, title, named) => expect(parseTitle(title)).toBe(named));

  it("refuses more, and tells how much it is", () => {
    expect(() => parseTitle("x".repeat(MAX_TITLE + 1))).toThrow(
      "a session is called by at most 200 characters, and this has 201",
    );
  });
});
