import { describe, expect, it } from "vitest";
import { isJsonWanted, safe, toJson } from "./print.ts";

describe("safe()", () => {
  it("leaves out what moves a cursor, and shows by its number what a reader would not see", () => {
    expect(safe("\u001b[2Ja\u001b]0;title\u0007b\rc\u0008")).toBe("abc");
    expect(safe("user\u202egnp.exe a\u200bb\ttab\nline")).toBe("user⟨U+202E⟩gnp.exe a⟨U+200B⟩b\ttab\nline");
  });
});

describe("toJson()", () => {
  it("leaves nothing in it that acts on a terminal, and means the same", () => {
    const value = { text: "\u001b[2J\u009b2J\u007f user\u202egnp.exe é" };
    expect(toJson(value)).toBe('{"text":"\\u001b[2J\\u009b2J\\u007f user\\u202egnp.exe é"}');
    expect(JSON.parse(toJson(value, 2))).toEqual(value);
  });
});

describe("toJson(), as safe() does,", () => {
  it.each([
    ["\u200b", "\\u200b"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["\u2067", "\\u2067"],
    ["\u00ad", "\\u00ad"],
    ["\ufeff", "\\ufeff"],
    ["\u2028", "\\u2028"],
  ])("shows %j, which is not seen", (character, shown) => {
    const value = { [`pay${character}pal`]: `a${character}b` };
    expect(toJson(value)).toBe(`{"pay${shown}pal":"a${shown}b"}`);
    expect(JSON.parse(toJson(value, 2))).toEqual(value);
  });

  it("leaves what writing needs: a family, a word of Persian", () => {
    const value = ["👨\u200d👩\u200d👧", "می\u200cخواهم"];
    expect(toJson(value)).toBe(JSON.stringify(value));
  });
});

describe("isJsonWanted()", () => {
  it.each([
    [["runs", "--json", "list"], true],
    [["ask", "--", "--json"], false],
    [["ask", "json"], false],
  ])("of %j is %s", (args, wanted) => {
    expect(isJsonWanted(args)).toBe(wanted);
  });
});
