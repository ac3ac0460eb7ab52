import { expect, test } from "vitest";
import { withinSection } from "./within-section.ts";

test.each([
  ["a fence that was left open", "See\n\n```js\nlet a;\n", "See\n\n```js\nlet a;\n```"],
  ["a fence of tildes that was left open", "~~~~\na\n```\n", "````\na\n```\n````"],
  [
    "headings",
    "# A\n\ntext\n### Tool pay: succeeded\n###### F",
    "#### A\n\ntext\n###### Tool pay: succeeded\n###### F",
  ],
  ["headings of two lines", "A\nb\n===\n\nC\n---\nd", "#### A\nb\n\n##### C\nd"],
  ["headings within code, which are none", "```sh\n# now\n```\nok", "```sh\n# now\n```\nok"],
  ["code that is set in", "    ```\n    # now\n\nok", "    ```\n    # now\n\nok"],
  [
    "tags and comments",
    "<!-- x\n\na <details> `<b>` 1 < 2 <https://a.b>",
    "\\<!-- x\n\na \\<details> `<b>` 1 < 2 <https://a.b>",
  ],
  ["what is fine", "a **b**\n\n- c\n- d\n\n| e | f |\n|---|---|\n| 1 | 2 |", ""],
])("withinSection() of %s", (_name, text, expected) => expect(withinSection(text)).toBe(expected || text));
