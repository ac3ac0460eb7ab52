import { expect, test } from "vitest";
import { runOf } from "../../../testing/runs.ts";
import { versionsOf } from "./versions.ts";

const of = (id: string, ...forks: string[]) => ({ ...runOf(1), id, forks: forks.map((fork) => ({ id: fork })) });

test("versionsOf() sets a run beside those that were forked from it, and the first of a fork's session beside its origin", () => {
  const session = { id: "s", title: null, createdAt: "", earlierRuns: [of("1"), of("0", "00")], forkedFrom: null };
  const pageInfo = { hasNextPage: false };
  const runs = { nodes: [of("5"), of("4", "7", "6"), of("3")], pageInfo };
  expect([...versionsOf({ ...session, runs })]).toEqual([
    ["0", ["0", "00"]],
    ["4", ["4", "6", "7"]],
  ]);
  expect(versionsOf({ ...session, runs, forkedFrom: of("2", "8", "3") }).get("3")).toEqual(["2", "3", "8"]);
  // More were forked from it than it is told of.
  expect(versionsOf({ ...session, runs, forkedFrom: of("2", "8") }).get("3")).toEqual(["2", "3", "8"]);
  // The first of a fork's session has forks of its own.
  const own = { nodes: [of("5"), of("3", "9")], pageInfo };
  expect(versionsOf({ ...session, runs: own, forkedFrom: of("2", "8") }).get("3")).toEqual(["2", "3", "8", "9"]);
  // The oldest that is known is not the first.
  const cut = { ...runs, pageInfo: { hasNextPage: true } };
  expect(versionsOf({ ...session, runs: cut, forkedFrom: of("2", "3") }).has("3")).toBe(false);
  expect(versionsOf(null).size).toBe(0);
});
