import { describe, expect, it } from "vitest";
import { assistantGraph } from "../runs/agents/assistant/assistant.ts";
import { replay } from "../runs/engine/execute/replay.ts";
import { createGraphRegistry } from "../runs/engine/graphs/graph-registry.ts";
import { aHistory } from "../runs/testing/events.ts";
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
    const astray = graph("astray", 1, {})
      .node("a", pure)
      .when("a", ["a"], () => "b")
      .build(() => "");
    expect(() => astray.next("a", {})).toThrow(/chose "b", which is not one of a/);
    expect(() => loop.node("nope")).toThrow(/no node "nope"/);
  });

  it("has a pin that changes with its structure and not with its functions", () => {
    const other = (target: string) =>
      graph("g", 1, {})
        .node("a", pure)
        .node("b", pure)
        .edge("a", target)
        .when("b", ["a"], () => "a");
    expect(other("b").build(() => "x").pin).toBe(other("b").build(() => "y").pin);
    expect(
      graph("g", 1, {})
        .node("a", pure)
        .build(() => "").pin,
    ).not.toBe(other("b").build(() => "").pin);
    expect(createGraphRegistry().pins()).toEqual([assistantGraph.pin]);
  });
});

describe("replay()", () => {
  const done = (step: number, patch: object) => ({
    kind: "STEP_SUCCEEDED" as const,
    step,
    node: "work",
    payload: { patch: patch as never },
  });

  it("begins at the entry, and stands after the last finished step", () => {
    expect(replay(loop, [])).toMatchObject({ node: "work", stepNumber: 1, attempts: 0, head: { seq: 0 } });
    const events = aHistory({ kind: "RUN_STARTED" }, done(1, { trail: ["w2"], left: 1 }));
    expect(replay(loop, events)).toMatchObject({
      state: { trail: ["w2"], left: 1 },
      node: "work",
      stepNumber: 2,
      head: { seq: 2 },
    });
    expect(replay(loop, aHistory({ kind: "RUN_STARTED" }, done(1, { left: 0 })))).toMatchObject({
      node: "end",
      stepNumber: 2,
    });
  });

  it("knows the attempts and the open streams of a step that was begun and not ended", () => {
    const stream = (kind: "STREAM_START" | "STREAM_DATA" | "STREAM_END", name: string, seq: number, data = "") => ({
      kind,
      step: 1,
      node: "work",
      payload: { stream: name, seq, data },
    });
    const position = replay(
      loop,
      aHistory(
        { kind: "RUN_STARTED" },
        { kind: "STEP_STARTED", step: 1, node: "work" },
        stream("STREAM_START", "a", 0),
        stream("STREAM_END", "a", 1),
        { kind: "STEP_RETRIED", step: 1, node: "work" },
        { kind: "STEP_STARTED", step: 1, node: "work", attempt: 2 },
        stream("STREAM_START", "b", 0),
        stream("STREAM_DATA", "b", 1, "half"),
      ),
    );
    expect(position).toMatchObject({ node: "work", stepNumber: 1, attempts: 2, failures: 1 });
    expect(position.streams.open).toEqual(new Map([["b", { seq: 1, data: "half" }]]));
    expect(position.streams.ended).toEqual(new Set(["a"]));
  });

  it("gives the same position for the same history, however it is cut and folded again", () => {
    const events = aHistory({ kind: "RUN_STARTED" }, done(1, { trail: ["a"] }), done(2, { trail: ["b"] }));
    expect(JSON.stringify(replay(loop, events))).toBe(JSON.stringify(replay(loop, JSON.parse(JSON.stringify(events)))));
  });
});
