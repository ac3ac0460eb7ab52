import { describe, expect, it } from "vitest";
import { showHidden } from "./hidden-characters.ts";

const range = (from: number, until: number): number[] => Array.from({ length: until - from + 1 }, (_, at) => from + at);

describe("showHidden()", () => {
  it.each([
    ...range(0x202a, 0x202e),
    ...range(0x2066, 0x2069),
    ...range(0x200b, 0x200f),
    ...range(0x2060, 0x2065),
    ...[0x00, 0x07, 0x08, 0x0b, 0x0c, 0x1b, 0x7f, 0x85, 0x9b],
    ...[0xad, 0x61c, 0x180e, 0x3164, 0xfeff, 0xe0041],
  ])("shows U+%x by its number", (code) => {
    const number = code.toString(16).toUpperCase().padStart(4, "0");
    expect(showHidden(`pay${String.fromCodePoint(code)}pal`)).toBe(`pay⟨U+${number}⟩pal`);
  });

  it.each([
    ["text", "a\tb\r\nc — é 漢字 عربي"],
    ["a family", "👨\u200d👩\u200d👧"],
    ["a heart", "❤\ufe0f\u200d🔥"],
    ["a word of Persian", "می\u200cخواهم"],
    ["a word of Hindi", "क\u094d\u200dष"],
    ["the key 1", "1\ufe0f\u20e3"],
    ["a variant of a Han character", "葛\u{e0100}"],
    ["the flag of Scotland", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"],
  ])("leaves %s as it is", (_what, text) => {
    expect(showHidden(text)).toBe(text);
  });

  it("shows joiners that join nothing, and tags behind anything but a flag", () => {
    expect(showHidden("a\u200d\u200cb👩\u200d")).toBe("a⟨U+200D⟩⟨U+200C⟩b👩⟨U+200D⟩");
    expect(showHidden("x\u{e0061}\u{e007f}")).toBe("x⟨U+E0061⟩⟨U+E007F⟩");
  });

  it("shows variation selectors that select nothing: a row of them is a hidden message", () => {
    expect(showHidden("❤\ufe0f\ufe01\ufe0e")).toBe("❤\ufe0f⟨U+FE01⟩⟨U+FE0E⟩");
    expect(showHidden("😀\u{e0158}\u{e0155}")).toBe("😀⟨U+E0158⟩⟨U+E0155⟩");
    expect(showHidden("葛\u{e0100}\u{e0101}")).toBe("葛\u{e0100}⟨U+E0101⟩");
  });

  it("is linear: a text of nothing but them is shown at once", () => {
    expect(showHidden("\u202e".repeat(50_000))).toHaveLength(50_000 * 8);
    expect(showHidden("👨\u200d".repeat(20_000))).toHaveLength(20_000 * 3 + 7);
  });
});
