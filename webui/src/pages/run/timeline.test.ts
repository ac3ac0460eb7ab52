import { expect, test } from "vitest";
import { history, type Line, RUN_ID, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { EMPTY_TIMELINE, growTimeline, type Timeline, timesOf } from "./timeline.ts";

const ERROR = { code: "TIMEOUT", message: "no answer" };
const timeline = (lines: readonly Line[]): Timeline => growTimeline(EMPTY_TIMELINE, history(lines));
/** Segments of a step as "kind from-to", in seconds since the first event; without an end while they go on. */
const told = ({ spans, from }: Timeline, step: number): string[] => {
  const second = (at: number | null): string => (at === null ? "" : String((at - (from ?? 0)) / 1_000));
  return (spans.get(`${RUN_ID}.${step}`) ?? []).map((each) => `${each.kind} ${second(each.from)}-${second(each.to)}`);
};

test("growTimeline() gives the same however a history is cut, and leaves out what it has", () => {
  const whole = timeline(WHOLE_RUN);
  const events = history(WHOLE_RUN);
  const inPieces = events.reduce((before, event) => growTimeline(before, [event]), EMPTY_TIMELINE);
  expect(inPieces).toEqual(whole);
  expect(growTimeline(whole, events)).toBe(whole);
});

test("growTimeline() tells sorts of work apart, and has the time of a step without effects from its end", () => {
  const whole = timeline(WHOLE_RUN);
  expect(told(whole, 2)).toEqual(["model 3-8"]);
  expect(told(whole, 3)).toEqual(["work 8.5-9"]);
  expect(told(whole, 4)).toEqual(["policy 10-11"]);
  expect(told(whole, 5)).toEqual(["tool 12-17"]);
  expect(told(timeline([["STEP_SUCCEEDED", "1 branch", { latencyMs: 400 }]]), 1)).toEqual(["work -0.4-0"]);
});

test("growTimeline() has the back-off between two attempts, and what goes on without an end", () => {
  const lines: Line[] = [
    started,
    ["STEP_STARTED", "1 tool"],
    ["STEP_RETRIED", "1 tool", { attempt: 1, delayMs: 900, error: ERROR }],
    ["STEP_STARTED", "1 tool", {}, 2],
  ];
  expect(told(timeline(lines), 1)).toEqual(["tool 1-2", "backoff 2-3", "tool 3-"]);
  expect(told(timeline([...lines, ["RUN_CANCELED", null, { reason: "" }]]), 1).at(-1)).toBe("tool 3-4");
});

test("growTimeline() tells who waits for a person from who waits for a time, and what follows", () => {
  const asks: Line[] = [
    started,
    ["STEP_STARTED", "1 approval"],
    ["APPROVAL_ASKED", "1 approval", { name: "a", question: "May it?" }],
    ["STEP_PARKED", "1 approval", { signal: "a" }],
    ["APPROVAL_DECIDED", "1 approval", { name: "a", approved: true }],
    ["STEP_SUCCEEDED", "1 approval", {}],
    ["STEP_STARTED", "2 wait"],
    ["STEP_PARKED", "2 wait", { until: "2026-11-24T11:00:00Z" }],
    ["STEP_WOKEN", "2 wait", {}],
    ["STEP_FAILED", "2 wait", { error: ERROR }],
  ];
  expect(told(timeline(asks), 1)).toEqual(["work 1-2", "person 2-4", "work 4-5"]);
  expect(told(timeline(asks), 2)).toEqual(["work 6-7", "parked 7-8", "work 8-9"]);
});

test("growTimeline() has the gap of a lost worker, in the steps that worked and not in those that waited", () => {
  const lines: Line[] = [
    started,
    ["STEP_STARTED", "1 wait"],
    ["STEP_PARKED", "1 wait", {}],
    ["STEP_STARTED", "2 tool"],
    ["RUN_RECOVERED", null, { recoveries: 1 }],
    ["STEP_STARTED", "2 tool", {}, 2],
  ];
  const grown = timeline(lines);
  expect(told(grown, 1)).toEqual(["work 1-2", "parked 2-"]);
  expect(told(grown, 2)).toEqual(["tool 3-3", "lost 3-4", "tool 5-"]);
  expect(grown.gaps.map(({ from, to, seq }) => [to - from, seq])).toEqual([[1_000, 5]]);
});

test("growTimeline() is another object with each event, leaves the empty one empty, and goes by kinds it knows", () => {
  const before = timeline([started, ["STEP_STARTED", "1 tool"]]);
  expect(growTimeline(before, history([["STEP_SUCCEEDED", "1 tool", {}]], 3))).not.toBe(before);
  expect([EMPTY_TIMELINE.spans.size, EMPTY_TIMELINE.open.size]).toEqual([0, 0]);
  expect(timeline([started, ["SOMETHING_NEW", "1 tool"]]).spans.size).toBe(0);
});

test("timesOf() counts as self what was work, and as total all from the first to the last, as it was measured where that is known", () => {
  const segments = [
    { kind: "tool", from: 0, to: 100 },
    { kind: "backoff", from: 100, to: 500 },
    { kind: "tool", from: 500, to: null },
  ] as const;
  expect(timesOf(segments, 700, null)).toEqual({ selfMs: 300, totalMs: 700 });
  expect(timesOf([], 700, null)).toEqual({ selfMs: 0, totalMs: 0 });
  expect(timesOf(segments, 700, 190)).toEqual({ selfMs: 300, totalMs: 700 });
  expect(timesOf([{ kind: "tool", from: 0, to: 239 }], 700, 240)).toEqual({ selfMs: 240, totalMs: 240 });
  expect(timesOf([{ kind: "parked", from: 0, to: 239 }], 700, 240)).toEqual({ selfMs: 0, totalMs: 239 });
});

test("growTimeline() lets a step that holds others go on after a take-over, which has no beginning of its own then", () => {
  const lines: Line[] = [
    started,
    ["STEP_STARTED", "1 map"],
    ["RUN_RECOVERED", null, { recoveries: 1, epoch: 3 }],
    ["STEP_SUCCEEDED", "1 map", {}],
  ];
  expect(told(timeline(lines), 1)).toEqual(["work 1-1", "lost 1-2", "work 2-3"]);
});

test("growTimeline() tells when a run rested because somebody wanted it, and when it was rolled back", () => {
  const lines: Line[] = [
    started,
    ["RUN_PAUSED", null, {}],
    ["RUN_RESUMED", null, {}],
    ["RUN_ROLLED_BACK", null, { toSeq: 1 }],
    ["RUN_PAUSED", null, {}],
  ];
  const grown = timeline(lines);
  expect(grown.gaps.map(({ kind, from, to }) => [kind, to - from])).toEqual([
    ["paused", 1_000],
    ["rolledBack", 0],
  ]);
  expect(grown.pausedAt).not.toBeNull();
  expect(timeline([...lines, ["RUN_CANCELED", null, { reason: "" }]]).gaps.at(-1)?.kind).toBe("paused");
});
