import { expect, test } from "vitest";
import { history, RUN_ID, started } from "../../run-log/testing/history.ts";
import { around, aroundStep, checkpointsOf, ownStart, placeWords } from "./checkpoints.ts";

const EVENTS = history([
  started,
  ["STEP_STARTED", "1 model", {}],
  ["STEP_SUCCEEDED", "1 model", {}],
  ["STEP_STARTED", "2 each", {}],
  ["STEP_SUCCEEDED", "3 each[0]/fetch", {}],
  ["STEP_SUCCEEDED", "2 each", {}],
  ["STEP_FAILED", "4 tool", {}],
  ["RUN_FAILED", null, {}],
]);
const CHECKPOINTS = checkpointsOf(EVENTS);

test("checkpointsOf() are the start and the ends of steps, without those of branches and those that failed", () => {
  expect(CHECKPOINTS.map(({ seq }) => seq)).toEqual([1, 3, 6]);
});

test.each([
  [1, { after: 3 }],
  [3, { before: 1, after: 6 }],
  [4, { before: 3, after: 6 }],
  [8, { before: 6 }],
])("around() event %i: %j", (seq, found) => {
  expect(around(CHECKPOINTS, seq)).toEqual(found);
});

test.each([
  ["1", 1, 3],
  ["3", 3, undefined],
  ["4", 6, undefined],
  ["9", undefined, undefined],
])("aroundStep() %s: from event %j to event %j", (step, first, last) => {
  const { before, after } = aroundStep(EVENTS, `${RUN_ID}.${step}`);
  expect([before?.seq, after?.seq]).toEqual([first, last]);
});

test("ownStart() of a fork is its own beginning", () => {
  const origin = history([started, ["STEP_SUCCEEDED", "1 model", {}]]).map((event) => ({ ...event, runId: "origin" }));
  const fork = [...origin, ...history([["RUN_FORKED", null, {}]], 3)];
  expect([ownStart(fork, RUN_ID), ownStart(EVENTS, RUN_ID), ownStart([], RUN_ID)]).toEqual([3, 1, undefined]);
});

test("placeWords() say where a run stands", () => {
  const [fork] = history([["RUN_FORKED", null, {}]]);
  expect([EVENTS[0], fork, EVENTS[2], EVENTS[7]].map((event) => event && placeWords(event))).toEqual([
    "the start",
    "the start of the fork",
    "step 1, model",
    "event 8",
  ]);
});
