import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { badCallWords, STATUS, StatusBadge, StatusWord } from "./status.tsx";

test.each(Object.keys(STATUS) as (keyof typeof STATUS)[])("StatusBadge of %s has a word and an icon", (status) => {
  const html = renderToStaticMarkup(<StatusBadge status={status} />);
  expect(html.replace(/<[^>]+>/g, "")).toBe(STATUS[status].word);
  expect(html).toMatch(/<svg[^>]*aria-hidden="true"/);
});

test.each([
  [{ failed: 1, denied: 0, cut: 0 }, "1 call failed"],
  [{ failed: 0, denied: 1, cut: 0 }, "1 call denied"],
  [{ failed: 2, denied: 3, cut: 0 }, "2 calls failed, 3 denied"],
  [{ failed: 1, denied: 0, cut: 2 }, "2 answers cut, 1 call failed"],
  [{ failed: 0, denied: 0, cut: 0 }, ""],
])("badCallWords() of %j: %s", (badCalls, words) => {
  expect(badCallWords(badCalls)).toBe(words);
});

test("green means green: a run that succeeded with a bad call has another colour, icon and word, and a failed one stays failed", () => {
  const green = renderToStaticMarkup(<StatusWord status="SUCCEEDED" badCalls={{ failed: 0, denied: 0, cut: 0 }} />);
  const mixed = renderToStaticMarkup(<StatusWord status="SUCCEEDED" badCalls={{ failed: 1, denied: 0, cut: 0 }} />);
  const failed = renderToStaticMarkup(<StatusWord status="FAILED" badCalls={{ failed: 1, denied: 0, cut: 0 }} />);
  const colour = (html: string) => /succeeded|attention|failed/.exec(html.replace(/data-[\w-]+="[^"]*"/g, ""))?.[0];
  expect([green, mixed, failed].map(colour)).toEqual(["succeeded", "attention", "failed"]);
  expect(mixed).toContain("Succeeded, 1 call failed");
  expect(/<svg.*<\/svg>/.exec(mixed)?.[0]).not.toBe(/<svg.*<\/svg>/.exec(green)?.[0]);
});
