import { expect, test } from "vitest";
import { toLayers } from "./graph-layers.ts";

/** "a>b" as an arc. */
const arcs = (...written: string[]) =>
  written.map((each) => {
    const [from = "", to = ""] = each.split(">");
    return { from, to };
  });

test("toLayers() puts each node below all that lead to it", () => {
  const { layers, back } = toLayers(["a", "b", "c", "d"], arcs("a>b", "a>c", "b>d", "c>d"));
  expect([layers, back.size]).toEqual([[["a"], ["b", "c"], ["d"]], 0]);
});

test("toLayers() leads a long arc through a place in each layer that it passes", () => {
  const { layers, paths } = toLayers(["a", "b", "c"], arcs("a>b", "b>c", "a>c"));
  expect(layers.map((layer) => layer.length)).toEqual([1, 2, 1]);
  expect(paths[2]).toEqual(["a", " 2 1", "c"]);
});

test("toLayers() keeps a circle in the order of its nodes: the arc that closes it leads back", () => {
  const all = arcs("model>tool", "tool>model", "model>answer", "tool>tool");
  const { layers, paths, back } = toLayers(["model", "tool", "answer"], all);
  expect(layers).toEqual([["model"], ["tool", "answer"]]);
  expect([...back]).toEqual([all[1], all[3]]);
  expect(paths[1]).toEqual(["model", "tool"]);
});

test("toLayers() orders a layer by what its nodes are joined with", () => {
  const { layers } = toLayers(["a", "b", "x", "y"], arcs("a>y", "b>x"));
  expect(layers).toEqual([
    ["a", "b"],
    ["y", "x"],
  ]);
});

test("toLayers() of nothing is nothing", () => {
  expect(toLayers([], [])).toEqual({ layers: [], ranks: new Map(), paths: [], back: new Set() });
});
