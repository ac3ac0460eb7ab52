import { describe, expect, it } from "vitest";
import { map, parallel, subgraph } from "./branches.ts";
import { appended, graph, isBranching, replaced } from "./graph.ts";

const leaf = (version = 1) =>
  graph("leaf", version, { item: replaced(""), done: appended<string>() })
    .node("only", { type: "tool", run: () => ({ summary: "" }) })
    .build(({ item }) => item);

describe("parallel()", () => {
  const fan = parallel({
    branches: {
      near: { graph: leaf(), start: ({ city }: { city: string }) => ({ item: city }) },
      far: { graph: leaf() },
    },
    join: ({ near, far }) => ({ summary: `${near.item} and ${far.item}` }),
  });

  it("has a branch of each name, all at once unless a limit says otherwise, and joins them by their names", () => {
    expect(fan).toMatchObject({ type: "parallel", limit: 2 });
    expect(fan.branches({ city: "Rome" }).map(({ key, start }) => [key, start])).toEqual([
      ["near", { item: "Rome" }],
      ["far", {}],
    ]);
    expect(fan.join([{ item: "a" }, { item: "b" }], { city: "" })).toEqual({ summary: "a and b" });
  });

  it("refuses no branch, a name that cannot stand in a history, and a limit that is no count", () => {
    const join = () => ({ summary: "" });
    expect(() => parallel({ branches: {}, join })).toThrow(/a parallel node has no branch/);
    expect(() => parallel({ branches: { "a/b": { graph: leaf() } }, join })).toThrow(
      /the branch name "a\/b" is not 1 to 64/,
    );
    expect(() => parallel({ branches: { a: { graph: leaf() } }, limit: 0, join })).toThrow(/the limit 0 of branches/);
  });
});

describe("map()", () => {
  it("has a branch for each item, ten at a time, and tells which one failed by its index", () => {
    const each = map({
      over: ({ items }: { items: string[] }) => items,
      graph: leaf(),
      start: (item, index) => ({ item: `${index}${item}` }),
      join: (ends) => ({ summary: ends.map(({ item }) => item).join() }),
      giveUp: ({ code }, index) => ({ item: `${code} at ${index}` }),
    });
    expect(each).toMatchObject({ type: "map", limit: 10 });
    expect(each.branches({ items: ["a", "b"] }).map(({ key, start }) => [key, start])).toEqual([
      ["0", { item: "0a" }],
      ["1", { item: "1b" }],
    ]);
    expect(each.join([{ item: "x" }, { item: "y" }], { items: [] })).toEqual({ summary: "x,y" });
    expect(each.giveUp?.({ code: "TIMEOUT", message: "" }, "1")).toEqual({ item: "TIMEOUT at 1" });
  });
});

describe("subgraph()", () => {
  const sub = (inner: ReturnType<typeof leaf>) =>
    graph("outer", 1, {})
      .node(
        "sub",
        subgraph({ graph: inner, join: ({ item }) => ({ summary: item }), giveUp: () => ({ item: "gone" }) }),
      )
      .build(() => "");

  it("is one branch without a name", () => {
    const node = sub(leaf()).node("sub");
    if (!isBranching(node)) throw new Error("it has no branch");
    expect(node.branches({})).toMatchObject([{ key: "", start: {} }]);
    expect(node.join([{ item: "end" }], {})).toEqual({ summary: "end" });
    expect(node.giveUp?.({ code: "TIMEOUT", message: "" }, "")).toEqual({ item: "gone" });
  });

  it("is part of what a run is pinned to", () => {
    expect(sub(leaf(1)).hash).not.toBe(sub(leaf(2)).hash);
    expect(sub(leaf(1)).hash).toBe(sub(leaf(1)).hash);
  });
});
