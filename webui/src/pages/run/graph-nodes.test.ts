import { expect, test } from "vitest";
import { reduce } from "../../run-log/reduce.ts";
import { history, type Line, started } from "../../run-log/testing/history.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { layOut } from "../../ui/graph/graph-layout.ts";
import { countWords, createPlaces, neighbourOf, type PictureNode, stateNodes } from "./graph-nodes.ts";

const node = (id: string, within: string | null = null): PictureNode => ({
  ...{ id, within, name: id, type: "tool", status: null, steps: 0 },
});
const NODES = [
  node("end"),
  node("each"),
  node("each[*]/fetch", "each"),
  node("both"),
  node("both[left]/sub", "both"),
  node("both[left]/sub/fetch", "both[left]/sub"),
];
const stepsOf = (...lines: Line[]) => reduce(EMPTY_VIEW, history([started, ...lines])).steps;

test("stateNodes() has of each node how loud its steps are, how many they are, and the newest", () => {
  const { states, strays } = stateNodes(
    createPlaces(NODES),
    stepsOf(
      ["STEP_SUCCEEDED", "1 end", {}],
      ["STEP_STARTED", "2 each", {}],
      ["STEP_FAILED", "3 each[0]/fetch", {}],
      ["STEP_SUCCEEDED", "4 each[1]/fetch", {}],
      ["STEP_FAILED", "5 each[12]/fetch", {}],
      ["STEP_SUCCEEDED", "6 both[left]/sub/fetch", {}],
      ["STEP_SUCCEEDED", "7 gone", {}],
    ),
  );
  expect(Object.fromEntries(states)).toEqual({
    end: { status: "SUCCEEDED", steps: 1, alike: 1, newest: 1 },
    each: { status: "RUNNING", steps: 1, alike: 1, newest: 2 },
    "each[*]/fetch": { status: "FAILED", steps: 3, alike: 2, newest: 5 },
    "both[left]/sub/fetch": { status: "SUCCEEDED", steps: 1, alike: 1, newest: 6 },
  });
  expect(strays).toBe(1);
});

test("stateNodes() tells of a call that failed, though its step heard of it and succeeded", () => {
  const steps = stepsOf(["STEP_SUCCEEDED", "1 tool", { output: { tool: "x", status: "TIMED_OUT" } }]);
  expect(stateNodes(createPlaces([node("tool")]), steps).states.get("tool")?.status).toBe("TIMED_OUT");
});

test.each([
  [{ status: "FAILED", steps: 1, alike: 1, newest: 1 }, ""],
  [{ status: "FAILED", steps: 3, alike: 2, newest: 1 }, "3 steps, 2 failed"],
  [{ status: "FAILED", steps: 3, alike: 3, newest: 1 }, "3 steps"],
] as const)("countWords() of %j: %s", (state, words) => {
  expect(countWords(state, "Failed")).toBe(words);
});

test("neighbourOf() leads to what is drawn next in a direction, and into a node that holds others", () => {
  const nodes = [node("a"), node("b"), node("c"), node("d"), node("d/e", "d")];
  const { boxes } = layOut(nodes, [
    { from: "a", to: "b" },
    { from: "a", to: "c" },
    { from: "b", to: "d" },
    { from: "c", to: "d" },
  ]);
  const walk = (id: string) => (["up", "down", "left", "right"] as const).map((to) => neighbourOf(boxes, id, to));
  expect(walk("a")[0]).toBeUndefined();
  expect(["b", "c"]).toContain(walk("a")[1]);
  expect(walk("b")).toEqual(["a", "d", undefined, "c"]);
  expect(walk("c").slice(2)).toEqual(["b", undefined]);
  expect(walk("d")[1]).toBe("d/e");
  expect(walk("d/e")[0]).toBe("d");
  expect(neighbourOf(boxes, "nowhere", "up")).toBeUndefined();
});
