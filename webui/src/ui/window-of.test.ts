import { expect, test } from "vitest";
import { toReveal, windowOf } from "./window-of.ts";

test.each([
  [{ count: 0, scrollTop: 0 }, [0, 0]],
  [{ count: 5, scrollTop: 0 }, [0, 5]],
  [{ count: 1_000, scrollTop: 0 }, [0, 22]],
  [{ count: 1_000, scrollTop: 10_000 }, [488, 522]],
  // A list that became shorter than what was scrolled.
  [{ count: 10, scrollTop: 10_000 }, [9, 10]],
])("windowOf() %j is %j", (params, expected) => {
  const { from, to } = windowOf({ rowHeight: 20, height: 200, ...params });
  expect([from, to]).toEqual(expected);
});

test.each([
  [5, 0, undefined],
  [10, 0, 20],
  [3, 100, 60],
  [5, 100, undefined],
])("toReveal() of line %i at %i scrolls to %s", (at, scrollTop, expected) => {
  expect(toReveal(at, { rowHeight: 20, height: 200, scrollTop })).toBe(expected);
});
