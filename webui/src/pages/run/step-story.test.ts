import { expect, test } from "vitest";
import { history, type Line, RUN_ID, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { filterEvents, UNFILTERED } from "./filter-events.ts";
import { toListKey } from "./list-keys.ts";
import { storyOf } from "./step-story.ts";

const ERROR = { code: "TIMEOUT", message: "no answer" };
const story = (lines: readonly Line[], step = 1) => storyOf(history(lines), `${RUN_ID}.${step}`);

test("storyOf() tells each attempt that failed, was lost, or was the last", () => {
  const lines: Line[] = [
    started,
    ["STEP_STARTED", "1 tool"],
    ["STEP_RETRIED", "1 tool", { attempt: 1, delayMs: 900, error: ERROR }],
    ["STEP_STARTED", "1 tool", {}, 2],
    ["RUN_RECOVERED", null, {}],
    ["STEP_STARTED", "1 tool", {}, 3],
    ["STEP_FAILED", "1 tool", { error: { code: "X", message: "no" }, inputSummary: "a: 1", spanId: "ab" }, 3],
  ];
  const { failed, ...rest } = story(lines);
  expect(failed.map(({ attempt, code, delayMs }) => [attempt, code, delayMs])).toEqual([
    [1, "TIMEOUT", 900],
    [2, null, null],
    [3, "X", null],
  ]);
  expect(rest).toEqual({ inputSummary: "a: 1", spanId: "ab" });
});

test("storyOf() does not count a worker that was lost while the step waited, or before and after it", () => {
  const lost: Line = ["RUN_RECOVERED", null, {}];
  const lines: Line[] = [
    started,
    lost,
    ["STEP_STARTED", "1 wait"],
    ["STEP_PARKED", "1 wait", {}],
    lost,
    ["STEP_WOKEN", "1 wait", {}],
    ["STEP_SUCCEEDED", "1 wait", {}],
    lost,
  ];
  expect(story(lines).failed).toEqual([]);
  expect(story(WHOLE_RUN, 9)).toEqual({ failed: [], inputSummary: "", spanId: "" });
});

test.each([
  ["", 26],
  ["stream_data", 6],
  ["recall step_succeeded", 1],
  ["#26", 1],
  ["step 5 CALCULATE", 3],
  ["no such word", 0],
])("filterEvents() by %j leaves %i", (text, count) => {
  const events = history(WHOLE_RUN);
  expect(filterEvents(UNFILTERED, events, text).shown).toHaveLength(count);
  // As it grows, and after other words.
  const grown = filterEvents(filterEvents(UNFILTERED, events.slice(0, 9), text), events, text);
  expect(filterEvents(filterEvents(grown, events, "other"), events, text).shown).toHaveLength(count);
  expect([grown.shown.length, filterEvents(grown, events, text).shown.length]).toEqual([count, count]);
});

test("filterEvents() looks at what is new of a history, and at all of another one", () => {
  const events = history(WHOLE_RUN);
  const before = filterEvents(UNFILTERED, events.slice(0, 9), "#2");
  const marked = events.map((event, index) => (index === 1 || index === 0 ? event : { ...event, type: "OTHER" }));
  expect(filterEvents(before, marked, "#2").shown[0]).toBe(events[1]);
  const other = history(WHOLE_RUN);
  expect(filterEvents(before, other, "#2").shown[0]).toBe(other[1]);
});

test.each([
  ["ArrowDown", {}, "down"],
  ["Enter", {}, "open"],
  ["Escape", {}, "close"],
  ["ArrowLeft", { altKey: true }, undefined],
  ["Home", { ctrlKey: true }, undefined],
  ["g", {}, undefined],
  ["toString", {}, undefined],
])("toListKey() of %s with %j is %s", (key, held, expected) => {
  expect(toListKey({ key, ctrlKey: false, metaKey: false, altKey: false, ...held })).toBe(expected);
});
