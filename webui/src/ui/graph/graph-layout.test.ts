import { expect, test } from "vitest";
import { layOut, NODE } from "./graph-layout.ts";

const nodes = (...ids: string[]) => ids.map((id) => ({ id, within: null as string | null }));
const arc = (from: string, to: string) => ({ from, to });

/** Whether two boxes have a place in common. */
function cross(a: { x: number; y: number; width: number; height: number }, b: typeof a): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test("layOut() puts what follows below, and the middle of two between them", () => {
  const { boxes, ways, width } = layOut(nodes("a", "b", "c", "d"), [
    arc("a", "b"),
    arc("a", "c"),
    arc("b", "d"),
    arc("c", "d"),
  ]);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => boxes.get(id));
  expect(width).toBe(2 * NODE.width + 24);
  expect([a?.x, d?.x]).toEqual([width / 2 - NODE.width / 2, width / 2 - NODE.width / 2]);
  expect([b?.y, c?.y]).toEqual([88, 88]);
  expect(ways[0]?.d).toBe("M188 48C188 68 88 68 88 88");
});

test("layOut() leads an arc back beside the way down, and one to the node itself around its side", () => {
  const { ways, width } = layOut(nodes("a", "b"), [arc("a", "b"), arc("b", "a"), arc("b", "b")]);
  expect(ways.map(({ isBack, d }) => [isBack, d])).toEqual([
    [false, "M88 48V88"],
    [true, "M112 88V48"],
    [true, "M176 104C196 100 196 124 176 120"],
  ]);
  expect(width).toBe(NODE.width + 24);
});

test("layOut() draws a node around what it holds, however deep", () => {
  const inner = [
    { id: "each", within: null },
    { id: "each[*]/sub", within: "each" },
    { id: "each[*]/sub/fetch", within: "each[*]/sub" },
    { id: "each[*]/sub/write", within: "each[*]/sub" },
  ];
  const { boxes, width, height } = layOut(inner, [arc("each[*]/sub/fetch", "each[*]/sub/write")]);
  const [each, sub, fetch, write] = inner.map(({ id }) => boxes.get(id));
  expect([each?.holdsOthers, sub?.holdsOthers, fetch?.holdsOthers]).toEqual([true, true, false]);
  for (const [outer, within] of [
    [each, sub],
    [sub, fetch],
    [sub, write],
  ] as const) {
    if (outer === undefined || within === undefined) throw new Error("it has no box");
    expect(within.x).toBeGreaterThanOrEqual(outer.x);
    expect(within.x + within.width).toBeLessThanOrEqual(outer.x + outer.width);
    expect(within.y).toBeGreaterThanOrEqual(outer.y + NODE.height);
    expect(within.y + within.height).toBeLessThanOrEqual(outer.y + outer.height);
  }
  expect([width, height]).toEqual([each?.width, each?.height]);
});

test("layOut() begins at the left edge, whatever was moved to the middle of what", () => {
  const nodes = ["plan", "each", "both", "write", "never"].map((id) => ({ id, within: null as string | null }));
  const within = ["a", "b", "c"].map((id) => ({ id: `both/${id}`, within: "both" }));
  const { boxes } = layOut(
    [...nodes, ...within],
    [arc("plan", "each"), arc("plan", "both"), arc("each", "write"), arc("both", "write"), arc("plan", "write")],
  );
  expect(Math.min(...[...boxes.values()].map(({ x }) => x))).toBe(0);
});

test("layOut() never puts a node over another one", () => {
  const ids = Array.from({ length: 60 }, (_, index) => `n${index}`);
  const arcs = ids.flatMap((id, index) =>
    [index + 1, index * 2 + 1, index - 7].flatMap((to) => (ids[to] === undefined ? [] : [arc(id, `n${to}`)])),
  );
  const { boxes, ways } = layOut(nodes(...ids), arcs);
  expect([boxes.size, ways.length]).toEqual([60, arcs.length]);
  const all = [...boxes.values()];
  expect(all.filter((a, at) => all.slice(at + 1).some((b) => cross(a, b)))).toEqual([]);
  expect(ways.filter(({ d }) => /NaN|undefined/.test(d))).toEqual([]);
});

test("layOut() of nothing has no size", () => {
  expect(layOut([], [])).toMatchObject({ ways: [], width: 0, height: 0 });
});
