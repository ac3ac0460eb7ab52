import fc from "fast-check";
import { Lexer } from "marked";
import { expect, test } from "vitest";
import { lexMore, NO_TEXT } from "./frozen-lexer.ts";

/**
 * Pieces that change what stands before them when they come: fences, setext lines, tables, lists, definitions, tags.
 */
const PIECES = [
  "word ",
  "two\n",
  "\n",
  "\n\n",
  "# Title\n",
  "===\n",
  "---\n",
  "- item\n",
  "  more\n",
  "1. one\n",
  "\n  nested\n",
  "```js\n",
  "```\n",
  "    code\n",
  "> quote\n",
  "| a | b |\n",
  "|---|---|\n",
  "| 1 | 2 |\n",
  "**bold",
  "** ",
  "[link](https://a.test) ",
  "<div>\n",
  "</div>\n",
  "&amp; ",
  "\r\n",
  "\t",
  "~~~\n",
];

const whole = (text: string) => [...Lexer.lex(text.replace(/\r\n?/g, "\n"))];

function grow(pieces: readonly string[]) {
  let text = "";
  let lexed = NO_TEXT;
  for (const piece of pieces) {
    text += piece;
    lexed = lexMore(lexed, text);
  }
  return { text, lexed };
}

test("lexMore() of a growing text gives what lexing the whole text gives", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => {
      const { text, lexed } = grow(pieces);
      expect(lexed.tokens).toEqual(whole(text));
    }),
    { numRuns: 2_000 },
  );
});

test("lexMore() of a text cut anywhere gives what lexing the whole text gives", () => {
  const text =
    "# Title\n\nSome *text* and\nmore.\n\n- a\n- b\n\n  in b\n\n```ts\nconst a = 1;\n\nconst b = 2;\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n> said\n\nThe end.\n";
  for (let size = 1; size < 12; size += 1) {
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
    expect(grow(pieces).lexed.tokens).toEqual(whole(text));
  }
});

test("lexMore() keeps finished blocks as they are, so that they are not drawn again", () => {
  const paragraph = "A paragraph that is long enough.\n\n";
  const before = lexMore(NO_TEXT, paragraph.repeat(10));
  const after = lexMore(before, `${paragraph.repeat(10)}and more`);
  expect(before.frozenTokens.length).toBeGreaterThan(15);
  expect(
    after.tokens.slice(0, before.frozenTokens.length).every((token, index) => token === before.tokens[index]),
  ).toBe(true);
});

test("lexMore() does not lex a long text again for each of its pieces", () => {
  const paragraphs = Array.from({ length: 200 }, (_, index) => `Paragraph ${index} with some words.\n\n`);
  let lexed = NO_TEXT;
  let text = "";
  let again = 0;
  for (const paragraph of paragraphs) {
    text += paragraph;
    lexed = lexMore(lexed, text);
    again += text.length - lexed.frozen.length;
  }
  expect(again).toBeLessThan(text.length * 5);
});

test("lexMore() gives links the address a later definition names", () => {
  const { lexed } = grow([
    "See [the page][1].\n\n",
    "Other text.\n\n",
    "More.\n\n",
    "More.\n\n",
    "[1]: https://a.test/page\n",
  ]);
  expect(lexed.tokens).toEqual(
    whole("See [the page][1].\n\nOther text.\n\nMore.\n\nMore.\n\n[1]: https://a.test/page\n"),
  );
  expect(JSON.stringify(lexed.tokens)).toContain("https://a.test/page");
});

test("lexMore() begins anew for another text", () => {
  const before = lexMore(NO_TEXT, "one\n\n".repeat(20));
  expect(lexMore(before, "two").tokens).toEqual(whole("two"));
});
