import { expect, test } from "vitest";
import { toScale } from "./time-scale.ts";
import { EMPTY_TIMELINE, type Segment, type Timeline } from "./timeline.ts";

const timeline = (segments: readonly Segment[], lastAt: number): Timeline => ({
  ...EMPTY_TIMELINE,
  from: 0,
  lastAt,
  spans: new Map([["1", segments]]),
});

test("toScale() is even while something is done, from the first event to the last", () => {
  const { place, breaks, to } = toScale(timeline([{ kind: "tool", from: 0, to: 100 }], 100), 5_000, false);
  expect([-1, 0, 25, 100, 200].map(place)).toEqual([0, 0, 0.25, 1, 1]);
  expect([breaks, to]).toEqual([[], 100]);
});

test("toScale() of a run that goes on ends now", () => {
  const { place } = toScale(timeline([{ kind: "tool", from: 0, to: null }], 100), 400, true);
  expect([100, 400].map(place)).toEqual([0.25, 1]);
});

test("toScale() draws a long wait short, so that what was done is seen", () => {
  const segments: Segment[] = [
    { kind: "tool", from: 0, to: 100 },
    { kind: "person", from: 100, to: 7_200_100 },
    { kind: "tool", from: 7_200_100, to: 7_200_200 },
  ];
  const { place, breaks } = toScale(timeline(segments, 7_200_200), 0, false);
  expect(breaks).toEqual([{ from: 100, to: 7_200_100 }]);
  const shown = [0, 100, 3_600_100, 7_200_100, 7_200_200].map((at) => Number(place(at).toFixed(3)));
  expect(shown).toEqual([0, 0.47, 0.5, 0.53, 1]);
});

test("toScale() of a run that only waited is even", () => {
  const { place, breaks } = toScale(timeline([{ kind: "person", from: 0, to: null }], 0), 1_000, true);
  expect([breaks, place(500), place(1_000)]).toEqual([[], 0.5, 1]);
});

test("toScale() of a run without an event, or of one instant, places all within it", () => {
  for (const empty of [EMPTY_TIMELINE, timeline([], 0)]) {
    const { place } = toScale(empty, 10, false);
    for (const at of [0, 10, 20]) expect(place(at)).toBeGreaterThanOrEqual(0);
    for (const at of [0, 10, 20]) expect(place(at)).toBeLessThanOrEqual(1);
  }
});
