import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { displayWidth } from "./display-width.ts";
import { isJsonWanted, line, safe, toJson, toTable } from "./print.ts";

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

describe("toTable()", () => {
  beforeEach(() => {
    vi.stubEnv("NO_COLOR", "1");
    vi.stubEnv("FORCE_COLOR", undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("has its columns below each other, however wide their characters are", () => {
    const lines = toTable(
      ["NAME", "WHAT", "LAST"],
      [
        ["日本語", "👨‍👩‍👧", "|"],
        ["e\u0301", "two\nlines\tmore", "|"],
        ["a\u202eb", "\u001b[31mred\u001b[0m", "|"],
      ],
    );
    expect(lines.slice(1).map((row) => displayWidth(row.slice(0, row.indexOf("|"))))).toEqual([28, 28, 28]);
    expect(lines.slice(2)).toEqual(["e\u0301           two lines more  |", "a⟨U+202E⟩b  red             |"]);
  });

  it("is no wider than it may be", () => {
    const rows = [["日本語", "a long text", "x"]];
    expect(toTable(["A", "B", "C"], rows, 12)).toEqual(["A       B  …", "日本語  a l…"]);
    expect(toTable(["A", "B", "C"], rows, 5)).toEqual(["A   …", "日本…"]);
  });

  it("has a colour for a status that needs eyes, where colours are wanted", () => {
    const rows = [
      ["SUCCEEDED", "FAILED"],
      ["FAILED", "FAILED"],
    ];
    expect(toTable(["STATUS", "WHY"], rows).at(-1)).toBe("FAILED     FAILED");
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    expect(toTable(["STATUS", "WHY"], rows)).toEqual([
      "STATUS     WHY",
      "SUCCEEDED  FAILED",
      "\u001b[31mFAILED\u001b[39m     FAILED",
    ]);
  });
});

describe("line()", () => {
  it("cuts what is shown, not what was sent, and no character", () => {
    expect(line("\u001b[31m\u001b[1mabc\u001b[0m\nmore", 3)).toBe("abc");
    expect(line("ab\u202ecd", 6)).toBe("ab⟨U+…");
    expect(line("日本語", 5)).toBe("日本…");
  });
});
