import { expect, test } from "vitest";
import { reduce } from "../../run-log/reduce.ts";
import { history, type Line, RUN_ID, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { EMPTY_VIEW } from "../../run-log/view.ts";
import { windowOf } from "../../ui/window-of.ts";
import { EMPTY_TIMELINE, growTimeline } from "./timeline.ts";
import { growRows, NO_ROWS, type Row, rowOf } from "./timeline-rows.ts";

const NOTHING: ReadonlySet<string> = new Set();
const ALL = { opened: NOTHING, all: true };
const FOLDED = { opened: NOTHING, all: false };

function rowsOf(lines: readonly Line[], params: Parameters<typeof growRows>[3] = FOLDED): readonly Row[] {
  const events = history(lines);
  return growRows(NO_ROWS, reduce(EMPTY_VIEW, events).steps, growTimeline(EMPTY_TIMELINE, events), params).rows;
}
/** "5 tool", "2 model +1" with what is folded into it, "> 3 branch" for what is shown below another. */
const told = (row: Row): string => {
  if (row.kind === "gap") return "gap";
  const folds = row.folds === 0 ? "" : ` +${row.folds}`;
  return `${row.isInner ? "> " : ""}${row.step.number} ${row.step.nodeId}${folds}`;
};

test("growRows() folds what only holds the graph together into the step before it", () => {
  const lines = WHOLE_RUN.map(([type, step, payload = {}, attempt = 1]): Line => {
    const isBranch = step === "3 branch";
    return [type, step, isBranch ? { ...payload, startedAt: "2026-11-24T10:41:08.999Z" } : payload, attempt];
  });
  expect(rowsOf(lines).map(told)).toEqual(["1 recall", "2 model +1", "4 policy", "5 tool", "6 model +1"]);
  const opened = new Set([`${RUN_ID}.2`]);
  expect(rowsOf(lines, { opened, all: false }).map(told).slice(1, 4)).toEqual(["2 model +1", "> 3 branch", "4 policy"]);
  expect(rowsOf(lines, ALL)).toHaveLength(7);
});

test("growRows() shows a small step that took long, failed, or was tried again", () => {
  const of = (end: Line) => rowsOf([started, ["STEP_SUCCEEDED", "1 model", {}], end]).map(told);
  expect(of(["STEP_SUCCEEDED", "2 branch", { latencyMs: 1 }])).toEqual(["1 model +1"]);
  expect(of(["STEP_SUCCEEDED", "2 branch", { latencyMs: 100 }])).toEqual(["1 model", "2 branch"]);
  expect(of(["STEP_SUCCEEDED", "2 branch", { latencyMs: 1 }, 2])).toEqual(["1 model", "2 branch"]);
  expect(of(["STEP_FAILED", "2 branch", { latencyMs: 1 }])).toEqual(["1 model", "2 branch"]);
  expect(of(["STEP_SUCCEEDED", "2 mine", { latencyMs: 1 }])).toEqual(["1 model", "2 mine"]);
});

const quick = (number: number, node = "mine"): Line => ["STEP_SUCCEEDED", `${number} ${node}`, { latencyMs: 1 }];

test("growRows() folds a loop of quick steps into its first, and not one that asked a person", () => {
  const loop = Array.from({ length: 9 }, (_, index) => quick(index + 1));
  expect(rowsOf([started, ...loop]).map(told)).toEqual(["1 mine +8"]);
  expect(rowsOf([started, ...loop.slice(0, 8)])).toHaveLength(8);
  expect(rowsOf([started, ...loop, quick(10, "approval")]).map(told)).toEqual(["1 mine +8", "10 approval"]);
});

test("growRows() has a line for a call that went badly, however quick it was and in whatever loop", () => {
  const bad: Line = ["STEP_SUCCEEDED", "10 tool", { latencyMs: 1, output: { tool: "calculate", status: "FAILED" } }];
  const loop = Array.from({ length: 20 }, (_, index) => (index === 9 ? bad : quick(index + 1)));
  expect(rowsOf([started, ...loop]).map(told)).toEqual(["1 mine +8", "10 tool +10"]);
});

test("growRows() has a line for each lost worker, where it was lost", () => {
  const lines: Line[] = [
    started,
    ["STEP_SUCCEEDED", "1 model", { latencyMs: 0 }],
    ["RUN_RECOVERED", null, { recoveries: 1 }],
    quick(2, "branch"),
    ["RUN_RECOVERED", null, { recoveries: 2 }],
  ];
  expect(rowsOf(lines).map(told)).toEqual(["1 model", "gap", "2 branch", "gap"]);
});

test("growRows() of 10,000 steps folds what is small, and a screen draws few of the others", () => {
  const kinds = ["model", "branch", "policy", "tool", "branch"];
  const steps = Array.from({ length: 10_000 }, (_, index): Line => quick(index + 1, kinds[index % kinds.length]));
  const rows = rowsOf([started, ...steps]);
  expect(rows).toHaveLength(6_000);
  expect(rows.reduce((sum, row) => sum + (row.kind === "step" ? 1 + row.folds : 0), 0)).toBe(10_000);
  expect(rowsOf([started, ...steps], ALL)).toHaveLength(10_000);
  const { from, to } = windowOf({ count: rows.length, rowHeight: 28, scrollTop: 28 * 3_000, height: 28 * 25 });
  expect([from, to]).toEqual([2_988, 3_037]);
});

test("a timeline of 10,000 steps grows by what is new: each event is looked at once, however many paints", () => {
  const events = history([started, ...Array.from({ length: 10_000 }, (_, index) => quick(index + 1))]);
  let looked = 0;
  const look = (payload: unknown): unknown => {
    looked += 1;
    return payload;
  };
  const counted = events.map((event) =>
    Object.defineProperty({ ...event }, "payload", { get: () => look(event.payload) }),
  );
  let timeline = EMPTY_TIMELINE;
  for (let at = 0; at < counted.length; at += 500)
    timeline = growTimeline(timeline, counted.slice(timeline.seq, at + 500));
  expect([timeline.seq, timeline.spans.size, looked]).toEqual([10_001, 10_000, 10_000]);
});

/** A run as a page has it, event by event; each time the lines it has grown to. */
function* grow(lines: readonly Line[], params = FOLDED) {
  const events = history(lines);
  let [view, timeline, grown] = [EMPTY_VIEW, EMPTY_TIMELINE, NO_ROWS];
  for (const event of events) {
    view = reduce(view, [event]);
    timeline = growTimeline(timeline, [event]);
    grown = growRows(grown, view.steps, timeline, params);
    yield { view, timeline, grown };
  }
}

const EVENTFUL: readonly Line[] = [
  ...WHOLE_RUN.slice(0, -1),
  ...Array.from({ length: 12 }, (_, index) => quick(index + 8)),
  ["STEP_STARTED", "20 approval"],
  ["APPROVAL_ASKED", "20 approval", { name: "a", question: "May it?" }],
  ["RUN_PAUSED", null, {}],
  ["RUN_RESUMED", null, {}],
  ["APPROVAL_DECIDED", "20 approval", { name: "a", approved: true }],
  ["STEP_SUCCEEDED", "20 approval", {}],
  ["STEP_STARTED", "21 tool"],
  ["RUN_RECOVERED", null, { recoveries: 1 }],
  ["STEP_STARTED", "21 tool", {}, 2],
  ["STEP_STARTED", "22 tool"],
  ["STEP_SUCCEEDED", "22 tool", {}],
  ["STEP_SUCCEEDED", "21 tool", {}, 2],
  quick(23, "branch"),
  ["RUN_ROLLED_BACK", null, { toSeq: 4 }],
  quick(24),
];

test.each([
  ["folded", FOLDED],
  ["opened", { opened: new Set([`${RUN_ID}.2`, `${RUN_ID}.7`]), all: false }],
  ["all shown", ALL],
])("growRows() gives the same line by line as at once, %s", (_how, params) => {
  for (const { view, timeline, grown } of grow(EVENTFUL, params))
    expect(grown.rows).toEqual(growRows(NO_ROWS, view.steps, timeline, params).rows);
});

test("growRows() of 10,000 steps makes the last lines anew with an event, and looks up what goes on", () => {
  const steps = Array.from(
    { length: 10_000 },
    (_, index): Line => quick(index + 1, index % 2 === 0 ? "model" : "branch"),
  );
  const events = history([started, ...steps, ["STEP_STARTED", "10001 tool"], ["STEP_SUCCEEDED", "10001 tool", {}]]);
  let view = reduce(EMPTY_VIEW, events.slice(0, -2));
  let timeline = growTimeline(EMPTY_TIMELINE, events.slice(0, -2));
  let grown = growRows(NO_ROWS, view.steps, timeline, FOLDED);
  for (const event of events.slice(-2)) {
    const [before, looked] = [new Set(grown.rows), new Set<string>()];
    view = reduce(view, [event]);
    timeline = growTimeline(timeline, [event]);
    const spans = new Map(timeline.spans);
    const get = (id: string) => {
      looked.add(id);
      return timeline.spans.get(id);
    };
    grown = growRows(grown, view.steps, { ...timeline, spans: Object.assign(spans, { get }) }, FOLDED);
    expect([grown.rows.length, grown.rows.filter((row) => !before.has(row)).length]).toEqual([5_001, 2]);
    expect(looked.size).toBeLessThan(5);
  }
});

test("rowOf() finds the line of a step, and that of the step it is folded into", () => {
  const rows = rowsOf([started, ["STEP_SUCCEEDED", "1 model", {}], quick(2, "branch"), ["STEP_STARTED", "3 tool"]]);
  expect([1, 2, 3, 9].map((step) => rowOf(rows, step))).toEqual([0, 0, 1, 1]);
  expect(rowOf([], 1)).toBe(-1);
});
