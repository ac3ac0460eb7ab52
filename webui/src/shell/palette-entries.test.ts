import { expect, test } from "vitest";
import { paletteEntries } from "./palette-entries.ts";

const ID = "01940c2e-7d00-7100-8000-0000000000a1";
const wordsOf = (typed: string) => paletteEntries(typed).map(({ words }) => words);

test("paletteEntries() has every room, what a run id leads to, and a search for any other text", () => {
  expect(wordsOf("")).toEqual(expect.arrayContaining(["Go to Runs", "Go to Chat", "Theme: dark", "Keys"]));
  expect(wordsOf("runs that").slice(0, 3)).toEqual(["Runs that failed", "Runs that were recovered", "Runs that go on"]);
  expect(paletteEntries("with a problem")[0]?.does).toEqual({ go: "/runs?outcome=problem" });
  expect(wordsOf("go chat")).toEqual(["Go to Chat", "Search runs for “go chat”"]);
  expect(paletteEntries(` ${ID.toUpperCase()} `).map(({ does }) => does)).toEqual([{ go: `/runs/${ID}` }]);
  expect(paletteEntries("a&b").map(({ does }) => does)).toEqual([{ go: "/runs?text=a%26b" }]);
});
