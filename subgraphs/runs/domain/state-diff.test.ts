import { describe, expect, it } from "vitest";
import { mergePatch } from "./merge-patch.ts";
import { diffState } from "./state-diff.ts";

describe("diffState()", () => {
  it("tells what was added, removed and replaced, each at its place", () => {
    const before = { kept: { a: 1 }, list: [1, 2], gone: null, "a/b~c": 1, kind: [1] };
    const after = { kept: { a: 1 }, list: [1, 3, { x: true }], added: null, "a/b~c": 2, kind: { 0: 1 } };
    expect(diffState(before, after)).toEqual([
      { op: "REPLACE", path: "/list/1", before: 2, after: 3 },
      { op: "ADD", path: "/list/2", before: null, after: { x: true } },
      { op: "REMOVE", path: "/gone", before: null, after: null },
      { op: "REPLACE", path: "/a~1b~0c", before: 1, after: 2 },
      { op: "REPLACE", path: "/kind", before: [1], after: { 0: 1 } },
      { op: "ADD", path: "/added", before: null, after: null },
    ]);
  });

  it("says nothing of what is the same, and one thing of what is another as a whole", () => {
    expect(diffState({ a: [{ b: "x" }] }, { a: [{ b: "x" }] })).toEqual([]);
    expect(diffState(null, null)).toEqual([]);
    expect(diffState({ nothing: null }, { nothing: null })).toEqual([]);
    expect(diffState("a", 1)).toEqual([{ op: "REPLACE", path: "", before: "a", after: 1 }]);
    expect(JSON.parse('{"__proto__": 1}')).toHaveProperty("__proto__", 1);
    expect(diffState(JSON.parse('{"__proto__": 1}'), {})).toMatchObject([{ op: "REMOVE", path: "/__proto__" }]);
  });
});

describe("mergePatch()", () => {
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: "foo" }, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [["a", "b"], ["c"], ["c"]],
    [{ a: 1 }, "text", "text"],
  ])("%j with %j is %j", (target, patch, merged) => {
    expect(mergePatch(target, patch)).toEqual(merged);
  });
});
