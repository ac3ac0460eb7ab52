import { describe, expect, it } from "vitest";
import { Type } from "./define-tool.ts";
import { appended, graph, replaced } from "./graph.ts";

const pure = { type: "branch" as const, pure: true, run: () => ({ summary: "" }) };

const loop = graph("loop", 1, { trail: appended<string>(), left: replaced(2) })
  .node("work", {
    ...pure,
    run: (state) => ({ summary: "", patch: { trail: [`w${state.left}`], left: state.left - 1 } }),
  })
  .node("end", pure)
  .when("work", ["work", "end"], (state) => (state.left > 0 ? "work" : "end"))
  .build((state) => state.trail.join(","));

describe("graph()", () => {
  it("refuses edges to nowhere, nodes that nothing reaches, and the same thing twice", () => {
    const one = () => graph("g", 1, {}).node("a", pure);
    expect(() =>
      one()
        .edge("a", "b")
        .build(() => ""),
    ).toThrow(/"b", which is not a node/);
    expect(() =>
      one()
        .node("b", pure)
        .build(() => ""),
    ).toThrow(/no path leads to b/);
    expect(() => one().node("a", pure)).toThrow(/stands twice/);
    expect(() => one().edge("a", "a").edge("a", "a")).toThrow(/has an edge already/);
    expect(() => graph("g", 1, {}).build(() => "")).toThrow(/has no node/);
    expect(() =>
      graph("g", 1, {}, { timeoutMs: 0 })
        .node("a", pure)
        .build(() => ""),
    ).toThrow(/timeoutMs 0 is not a whole number/);
    expect(() =>
      one()
        .edge("a", "a")
        .build(() => ""),
    ).toThrow(/has no end/);
    expect(() =>
      one()
        .when("a", [], () => "a")
        .build(() => ""),
    ).toThrow(/node "a" has nothing to choose among/);
  });

  it("refuses a name and a version that nobody could pin", () => {
    const named = (name: string, version: number) => () =>
      graph(name, version, {})
        .node("a", pure)
        .build(() => "");
    expect(named("My Agent", 1)).toThrow(/graph name "My Agent" is not 1 to 64/);
    for (const version of [0, 1.5, Number.NaN, 2 ** 31])
      expect(named("g", version)).toThrow(/is not a whole number from 1 on/);
  });

  it("folds patches by their channels, and refuses a channel it does not have", () => {
    const state = loop.fold(loop.fold(loop.initial(), { trail: ["a"] }), { trail: ["b"], left: 0 });
    expect(state).toEqual({ trail: ["a", "b"], left: 0 });
    expect(() => loop.fold(state, { nope: 1 } as never)).toThrow(/no channel "nope"/);
  });

  it("goes where the state says, and nowhere else", () => {
    expect(loop.next("work", { trail: [], left: 1 })).toBe("work");
    expect(loop.next("work", { trail: [], left: 0 })).toBe("end");
    expect(loop.next("end", loop.initial())).toBeUndefined();
    expect([loop.following("work"), loop.following("end")]).toEqual([["work", "end"], []]);
    const astray = graph("astray", 1, {})
      .node("a", pure)
      .node("z", pure)
      .when("a", ["a", "z"], () => "b")
      .build(() => "");
    expect(() => astray.next("a", {})).toThrow(/chose "b", which is not one of a, z/);
    expect(() => loop.node("nope")).toThrow(/no node "nope"/);
  });

  it("has a pin that changes with its structure and not with its functions", () => {
    const other = (target: string) =>
      graph("g", 1, {})
        .node("a", pure)
        .node("b", pure)
        .node("c", pure)
        .edge("a", target)
        .when("b", ["a", "c"], () => "a");
    expect(other("b").build(() => "x").pin).toBe(other("b").build(() => "y").pin);
    expect(
      graph("g", 1, {})
        .node("a", pure)
        .build(() => "").pin,
    ).not.toBe(other("b").build(() => "").pin);
  });

  it("has the schema of its input as plain JSON, which is no part of what a run is pinned to", () => {
    const g = (options: object) =>
      graph("g", 1, {}, options)
        .node("a", pure)
        .build(() => "");
    const declared = g({ input: Type.Object({ amount: Type.Number({ description: "In euros", default: 3 }) }) });
    expect(declared.inputSchema).toStrictEqual({
      type: "object",
      required: ["amount"],
      properties: { amount: { type: "number", description: "In euros", default: 3 } },
    });
    expect([g({}).inputSchema, g({}).pin]).toEqual([undefined, declared.pin]);
  });
});
