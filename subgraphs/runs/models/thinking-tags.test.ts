import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createThinkingTags, type Said } from "./thinking-tags.ts";

/** What is thought and what is answered, whatever the pieces are; a text that turns out to be thinking is. */
function hear(...pieces: string[]): { thinking: string; text: string } {
  const tags = createThinkingTags();
  const heard = { thinking: "", text: "" };
  for (const said of [...pieces.flatMap((piece): Said[] => tags.add(piece)), ...tags.end()]) {
    if (said.type === "answerBegins") Object.assign(heard, { thinking: heard.thinking + heard.text, text: "" });
    else heard[said.type] += said.delta;
  }
  return heard;
}

const CASES: readonly (readonly [string, string, string, string])[] = [
  ["no tag", "Hello <b>you</b>", "", "Hello <b>you</b>"],
  ["thinking first", "<think>hm\n</think>\n\nHello", "hm\n", "Hello"],
  ["blanks before the tag", "\n <think>hm</think>Hello", "hm", "Hello"],
  ["tags of other names", "<reasoning>hm</reasoning>[THINK]so[/THINK] Hello", "hmso", "Hello"],
  ["a closing tag alone", "hm, so\n</think>\nHello", "hm, so\n", "Hello"],
  [
    "a closing tag in code",
    "Write `</think>` or\n```\n</think>\n```\nok",
    "",
    "Write `</think>` or\n```\n</think>\n```\nok",
  ],
  ["a closing tag of any name alone", "hm</thought>Hello", "hm", "Hello"],
  ["a closing tag of yet another name alone", "hm</reasoning>Hello", "hm", "Hello"],
  ["a stray backtick in what is thought", "the ` is odd\n \nso\n</think>\nHello", "the ` is odd\n \nso\n", "Hello"],
  ["a blank line in a block of code", "```\na\n\n</think>\n```", "", "```\na\n\n</think>\n```"],
  ["an opening tag within the answer", "The tag <think> opens it", "", "The tag <think> opens it"],
  ["a closing tag after the thinking", "<think>a</think>The tag </think> closes", "a", "The tag </think> closes"],
  ["thinking without an end", "<think>hm", "hm", ""],
  ["nothing but thinking", "<think>hm</think>\n", "hm", ""],
  ["the begin of a tag and no more", "<thi", "", "<thi"],
  ["blanks alone", " \n", "", " \n"],
  ["an open run of backticks at the end", "a ``", "", "a ``"],
];

describe("createThinkingTags()", () => {
  test.each(CASES)("reads %s", (_name, whole, thinking, text) => {
    expect(hear(whole)).toEqual({ thinking, text });
  });

  test("reads the same in whatever pieces it comes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.array(fc.nat(60), { maxLength: 12 }),
        ([, whole, thinking, text], cuts) => {
          const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
          const pieces = at.slice(1).map((end, i) => whole.slice(at[i], end));
          expect(hear(...pieces)).toEqual({ thinking, text });
        },
      ),
    );
    for (const [, whole, thinking, text] of CASES) expect(hear(...whole)).toEqual({ thinking, text });
  });

  test("holds nothing back that cannot be a tag", () => {
    const tags = createThinkingTags();
    expect(tags.add("Hel")).toEqual([{ type: "text", delta: "Hel" }]);
    expect(tags.add("lo <")).toEqual([{ type: "text", delta: "lo " }]);
    expect(tags.add("b>")).toEqual([{ type: "text", delta: "<b>" }]);
  });
});
