import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { reduce } from "./reduce.ts";
import { history, type Line, started, WHOLE_RUN } from "./testing/history.ts";
import { data, running, told, view } from "./testing/views.ts";
import { EMPTY_VIEW, type RunView } from "./view.ts";

describe("reduce() of a whole run", () => {
  test("reduce() tells the question, what was said, the tool's call and output, and the answer once", () => {
    const { items, ...run } = view(WHOLE_RUN);
    expect(run).toMatchObject({
      status: "SUCCEEDED",
      question: "What is 6*7?",
      role: "assistant",
      modelProfile: "scripted",
      seq: WHOLE_RUN.length,
      error: null,
    });
    expect(items.map(told)).toEqual([
      ["SUCCEEDED", "I shall calculate."],
      ["SUCCEEDED", "calculate", "42"],
      ["SUCCEEDED", "It is **42**."],
    ]);
    expect(items[1]).toMatchObject({
      args: '{"expression":"6*7"}',
      decision: { allow: true, reason: "role_allows_tool" },
      latencyMs: 30,
      open: false,
    });
  });

  test("reduce() tells the steps in order, also those that have no start event", () => {
    const { steps } = view(WHOLE_RUN);
    expect(steps.map((step) => [step.number, step.nodeId, step.status, step.latencyMs])).toEqual([
      [1, "recall", "SUCCEEDED", 4],
      [2, "model", "SUCCEEDED", 120],
      [3, "branch", "SUCCEEDED", 0],
      [4, "policy", "SUCCEEDED", 1],
      [5, "tool", "SUCCEEDED", 30],
      [6, "model", "SUCCEEDED", 80],
      [7, "answer", "SUCCEEDED", 0],
    ]);
    expect(steps[2]?.startedAt).toBe("2026-11-24T10:41:08.500Z");
    expect(steps[3]?.decision).toEqual({ tool: "calculate", allow: true, reason: "role_allows_tool" });
  });

  test("reduce() gives the same view however the history is cut, and however much of it comes again", () => {
    const events = history([
      ...WHOLE_RUN.slice(0, -3),
      ["RUN_RECOVERED", null, { recoveries: 1 }],
      ...WHOLE_RUN.slice(-3),
    ]);
    const whole = reduce(EMPTY_VIEW, events);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: events.length }), fc.nat({ max: 5 })), { maxLength: 12 }), (cuts) => {
        let cut = EMPTY_VIEW;
        let at = 0;
        for (const [upTo, again] of cuts.sort(([a], [b]) => a - b)) {
          cut = reduce(cut, events.slice(Math.max(0, at - again), upTo));
          at = Math.max(at, upTo);
        }
        expect(reduce(cut, events.slice(at))).toEqual(whole);
      }),
    );
  });

  test("reduce() never takes back text that was shown", () => {
    const events = history([
      ...running,
      data("first line\n"),
      ["RUN_RECOVERED", null, { recoveries: 1 }],
      ["STEP_STARTED", "3 tool", {}, 2],
      data("second", 2),
      ["RUN_CANCELED", null, { reason: "" }],
    ]);
    let before: RunView = EMPTY_VIEW;
    for (const event of events) {
      const after = reduce(before, [event]);
      for (const item of before.items) {
        const next = after.items.find((candidate) => candidate.key === item.key);
        expect(next).toBeDefined();
        expect(JSON.stringify(next && told(next).at(-1)).slice(1, -1)).toContain(
          JSON.stringify(told(item).at(-1)).slice(1, -1),
        );
      }
      before = after;
    }
    expect(before.items.map(told)[0]).toEqual(["INTERRUPTED", "fetch", "first line\nsecond"]);
  });

  test("reduce() leaves an earlier view as it was", () => {
    const events = history(WHOLE_RUN);
    const early = reduce(EMPTY_VIEW, events.slice(0, 6));
    const copy = structuredClone(early);
    reduce(early, events.slice(6));
    expect(early).toEqual(copy);
  });

  test("reduce() returns the same object when nothing is new", () => {
    const whole = view(WHOLE_RUN);
    expect(reduce(whole, history(WHOLE_RUN))).toBe(whole);
  });

  test("reduce() keeps what a batch does not touch, so that its elements are not drawn again", () => {
    const events = history(WHOLE_RUN);
    const early = reduce(EMPTY_VIEW, events.slice(0, 9));
    const late = reduce(early, events.slice(9));
    expect(late.items[0]).toBe(early.items[0]);
    expect(late.steps[1]).toBe(early.steps[1]);
  });

  test("reduce() of an event costs what is new, however many steps there were", () => {
    const steps = Array.from({ length: 10_000 }, (_, index): Line => ["STEP_SUCCEEDED", `${index + 1} mine`, {}]);
    const events = history([started, ...steps, ["STEP_STARTED", "10001 mine"], ["STEP_SUCCEEDED", "10001 mine", {}]]);
    const noted = vi.spyOn(Map.prototype, "set");
    const long = reduce(EMPTY_VIEW, events.slice(0, -2));
    expect(noted.mock.calls.length).toBeGreaterThanOrEqual(10_000);
    noted.mockClear();
    const longer = events.slice(-2).reduce((before, event) => reduce(before, [event]), long);
    const calls = noted.mock.calls.length;
    noted.mockRestore();
    expect([longer.steps.length, calls]).toEqual([10_001, 1]);
    // The view before is a whole one all the same.
    expect(reduce(long, events.slice(-2))).toEqual(longer);
  });

  test("reduce() ignores types and payloads it does not know, but counts them", () => {
    const odd: Line[] = [
      started,
      ["STEP_PONDERED", "1 model", { x: 1 }],
      ["toString", null],
      ["STREAM_DATA", "1 model", { stream: 7 }],
      ["STREAM_START", null, {}],
    ];
    const seen = reduce(EMPTY_VIEW, [
      ...history(odd),
      ...history([["RUN_FAILED", null]], 6).map((event) => ({ ...event, payload: "text" })),
    ]);
    expect(seen).toMatchObject({
      seq: 6,
      status: "FAILED",
      steps: [],
      error: { code: "INTERNAL", message: "no reason was recorded" },
    });
    expect(seen.items.map(told)).toEqual([["failed", "The run failed: no reason was recorded"]]);
  });
});
