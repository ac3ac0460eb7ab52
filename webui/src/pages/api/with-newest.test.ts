import { expect, test } from "vitest";
import { withNewest } from "./with-newest.ts";

test("withNewest() has the newest first, no more than fifty, and no more than a million characters", () => {
  const short = Array.from({ length: 50 }, (_, index) => String(index));
  expect(withNewest("new", short)).toEqual(["new", ...short.slice(0, 49)]);
  const long = Array.from({ length: 50 }, () => "x".repeat(256 * 1024));
  expect(withNewest("new", long).map(({ length }) => length)).toEqual([3, 262_144, 262_144, 262_144]);
});

test("withNewest() keeps the newest however long it is", () => {
  const huge = "x".repeat(2_000_000);
  expect(withNewest(huge, ["a"])).toEqual([huge]);
});
