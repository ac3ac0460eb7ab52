import { map, parallel } from "@soma/sdk/branches";
import { appended, graph, replaced } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { aHistory } from "../../testing/events.ts";
import { replay } from "./replay.ts";

const pure = { type: "branch" as const, pure: true, run: () => ({ summary: "" }) };
const error = { code: "TIMEOUT", message: "late" };

const leaf = graph("leaf", 1, { item: replaced(""), done: appended<string>() })
  .node("fetch", { ...pure, pure: false })
  .edge("fetch", "note")
  .node("note", pure)
  .build(({ item }) => item);

const listOf = (giveUp?: () => object) =>
  graph("list", 1, { items: replaced(["a", "b"]), rounds: replaced(0) })
    .node("each", {
      ...map({
        over: (state) => state.items,
        graph: leaf,
        start: (item: string) => ({ item }),
        join: () => ({ summary: "" }),
      }),
      ...(giveUp === undefined ? {} : { giveUp }),
    })
    .when("each", ["each", "end"], ({ rounds }) => (rounds < 2 ? "each" : "end"))
    .node("end", pure)
    .build(() => "");

const started = (step: number, node: string) => ({ kind: "STEP_STARTED" as const, step, node });
const done = (step: number, node: string, patch: object) => ({
  ...{ kind: "STEP_SUCCEEDED" as const, step, node },
  payload: { patch: patch as never },
});
const failed = (step: number, node: string) => ({ kind: "STEP_FAILED" as const, step, node, payload: { error } });

describe("replay() of a step with branches", () => {
  it("knows where each branch stands by the path of its steps", () => {
    const { root, lastStep } = replay(
      listOf(),
      aHistory(
        ...[started(1, "each"), started(2, "each[0]/fetch"), started(3, "each[1]/fetch")],
        done(3, "each[1]/fetch", { done: ["b"] }),
      ),
    );
    expect(lastStep).toBe(3);
    expect(root).toMatchObject({ node: "each", step: { number: 1 } });
    expect(root.branches.get("0")).toMatchObject({
      node: "fetch",
      state: { item: "a", done: [] },
      step: { number: 2 },
    });
    expect(root.branches.get("1")).toMatchObject({
      node: "note",
      state: { item: "b", done: ["b"] },
      step: { attempts: 0 },
    });
  });

  it("begins the branches anew when their node comes again", () => {
    const round = (first: number) => [
      ...[started(first, "each"), started(first + 1, "each[0]/fetch")],
      done(first + 1, "each[0]/fetch", { done: ["x"] }),
    ];
    const { root } = replay(listOf(), aHistory(...round(1), done(1, "each", { rounds: 1 }), ...round(4)));
    expect(root.branches.get("0")?.state).toEqual({ item: "a", done: ["x"] });
    expect([...root.branches.keys()]).toEqual(["0"]);
  });

  it("ends a branch that failed where it is given up, and else the step it is in", () => {
    const events = aHistory(started(1, "each"), started(2, "each[0]/fetch"), failed(2, "each[0]/fetch"));
    const lenient = replay(
      listOf(() => ({ done: ["given up"] })),
      events,
    ).root;
    expect(lenient.branches.get("0")).toMatchObject({ node: undefined, state: { done: ["given up"] } });
    expect(lenient.step.failed).toBeUndefined();
    expect(replay(listOf(), events).root.step.failed).toEqual(error);
  });

  it("finds branches within branches, and refuses one that this build does not make", () => {
    const outer = graph("outer", 1, {})
      .node("fan", parallel({ branches: { left: { graph: listOf() } }, join: () => ({ summary: "" }) }))
      .build(() => "");
    const deep = [started(1, "fan"), started(2, "fan[left]/each"), started(3, "fan[left]/each[1]/fetch")];
    const left = replay(outer, aHistory(...deep)).root.branches.get("left");
    expect(left?.branches.get("1")).toMatchObject({ path: "fan[left]/each[1]/", step: { number: 3 } });
    expect(() => replay(listOf(), aHistory(started(1, "each"), started(2, "each[7]/fetch")))).toThrow(
      /branch each\[7\]\//,
    );
    expect(() => replay(leaf, aHistory(started(1, "fetch"), started(2, "fetch[0]/x")))).toThrow(
      /fetch of graph leaf.* has no branches/,
    );
  });
});
