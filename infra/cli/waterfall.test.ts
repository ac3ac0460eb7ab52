import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { displayWidth } from "./display-width.ts";
import { describeMs } from "./duration.ts";
import { type TimedEvent, toStepTimes } from "./step-spans.ts";
import { toWaterfall } from "./waterfall.ts";
import { wrap } from "./wrap.ts";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
});
afterEach(() => vi.unstubAllEnvs());

const instant = (second: number): string => new Date(second * 1_000).toISOString();
const ERROR = { code: "X", message: "busy" };

/** An event of a step, or of the run where the step is null, at a second. */
function event(second: number, type: string, stepNumber: number | null, payload: object = {}): TimedEvent {
  return { seq: second + 1, at: instant(second), type, stepNumber, payload };
}

function spansIn(...events: TimedEvent[]): string[] {
  return [...toStepTimes(events)].map(
    ([number, { spans }]) =>
      `${number}:${spans.map(({ kind, from, to }) => ` ${kind} ${from / 1_000}-${to === undefined ? "" : to / 1_000}`).join("")}`,
  );
}

describe("toStepTimes()", () => {
  it("tells of tries and the back-off between them", () => {
    const retried = event(2, "STEP_RETRIED", 1, { attempt: 1, delayMs: 2_000, error: ERROR });
    const times = [event(1, "STEP_STARTED", 1), retried, event(4, "STEP_STARTED", 1), event(9, "STEP_SUCCEEDED", 1)];
    expect(spansIn(...times)).toEqual(["1: WORK 1-2 BACK_OFF 2-4 WORK 4-9"]);
    expect(toStepTimes(times).get(1)?.notes).toEqual(["attempt 1 failed: busy; the next one follows after 2.0 s"]);
  });

  it("tells of what a step waited for, and of what still goes on", () => {
    const woken = event(63, "STEP_WOKEN", 2, { signal: { no: 1, name: "paid", payload: null, sentBy: "a" } });
    const times = [event(2, "STEP_STARTED", 2), event(3, "STEP_PARKED", 2), woken];
    expect(spansIn(...times)).toEqual(["2: WORK 2-3 WAIT 3-63 WORK 63-"]);
    expect(toStepTimes(times).get(2)?.notes).toEqual(["waited 1 m: the signal paid came"]);
  });

  it("takes the beginning of a step without effects from its end, after a back-off too", () => {
    const end = event(9, "STEP_SUCCEEDED", 1, { startedAt: instant(7) });
    expect(spansIn(end)).toEqual(["1: WORK 7-9"]);
    expect(spansIn(event(2, "STEP_RETRIED", 1, { error: ERROR }), end)).toEqual(["1: BACK_OFF 2-7 WORK 7-9"]);
  });

  it("loses the worker with the last event it wrote, of steps that it worked at alone", () => {
    const begun = [event(1, "STEP_STARTED", 1), event(2, "STEP_SUCCEEDED", 1), event(3, "STEP_STARTED", 2)];
    const recovered = event(8, "RUN_RECOVERED", null, { recoveries: 1 });
    expect(spansIn(...begun, recovered, event(9, "STEP_SUCCEEDED", 2))).toEqual([
      "1: WORK 1-2",
      "2: WORK 3-3 LOST 3-8 WORK 8-9",
    ]);
    const frame = event(6, "STREAM_DATA", 2, null as never);
    expect(spansIn(...begun, frame, recovered, event(9, "STEP_SUCCEEDED", 2))[1]).toBe("2: WORK 3-6 LOST 6-8 WORK 8-9");
  });

  it("ends what is open with the run, and says what a rollback took back", () => {
    const canceled = event(5, "RUN_CANCELED", null, { reason: "enough" });
    expect(spansIn(event(1, "STEP_STARTED", 1), canceled)).toEqual(["1: WORK 1-5"]);
    const back = event(7, "RUN_ROLLED_BACK", null, { toSeq: 3 });
    const times = toStepTimes([event(1, "STEP_STARTED", 1), event(4, "STEP_STARTED", 2), back]);
    expect([1, 2].map((number) => times.get(number)?.notes.length)).toEqual([0, 1]);
  });

  it("passes over what it does not know, and takes what is erased", () => {
    expect(spansIn(event(1, "STEP_DREAMED", 1), event(2, "STREAM_DATA", null))).toEqual([]);
    expect(spansIn(event(1, "STEP_SUCCEEDED", 1, { erased: true }))).toEqual(["1:"]);
  });
});

const STEP = {
  ...{ id: "s", number: 1, nodeId: "model", nodeType: "MODEL", status: "SUCCEEDED" as const, attempt: 1 },
  ...{ startedAt: instant(0), finishedAt: instant(10), summary: "model" },
};

describe("toWaterfall()", () => {
  const events = [
    ...[event(0, "STEP_STARTED", 1), event(10, "STEP_SUCCEEDED", 1)],
    event(10, "STEP_STARTED", 2),
    event(20, "STEP_RETRIED", 2, { attempt: 1, delayMs: 10_000, error: ERROR }),
    event(30, "STEP_STARTED", 2),
    event(40, "STEP_FAILED", 2),
  ];
  const failed = {
    ...{ ...STEP, number: 2, nodeId: "検索する", status: "FAILED" as const, attempt: 2, startedAt: instant(30) },
    ...{ finishedAt: instant(40), summary: "search", error: { code: "X", message: "no \u202esuch thing" } },
  };

  it("draws each step where it was, and says beneath what needs eyes", () => {
    const lines = toWaterfall([STEP, failed], toStepTimes(events), { width: 60, now: 0 });
    expect(lines).toEqual([
      "   NODE      0                                 40 s     TOOK",
      "1  model     ██████████                                 10 s",
      "2  検索する           ██████████░░░░░░░░░██████████     30 s",
      "   search",
      "   attempt 1 failed: busy; the next one follows after 10.0 s",
      "   FAILED in try 2: X: no ⟨U+202E⟩such thing",
      "█ works  ░ rests before another try",
    ]);
  });

  it.each([30, 40, 60, 100, 200])("is no wider than %i columns, and tells all of an error", (width) => {
    const long = {
      ...failed,
      nodeId: "a-node-with-a-long-name",
      error: { code: "X", message: "猫 and more ".repeat(20) },
    };
    const lines = toWaterfall([STEP, long], toStepTimes(events), { width, now: 0 });
    expect(lines.map(displayWidth).filter((cells) => cells > width)).toEqual([]);
    expect(lines.join("").match(/猫/g)).toHaveLength(20);
  });

  it("draws by what steps say themselves where there are no events, and to this moment what goes on", () => {
    const { finishedAt: _gone, ...running } = {
      ...STEP,
      number: 2,
      startedAt: instant(10),
      status: "RUNNING" as const,
    };
    expect(toWaterfall([STEP, running], new Map(), { width: 40, now: 20_000 }).slice(1)).toEqual([
      "1  model  ███████████               10 s",
      "2  model            ███████████     10 s",
      "   RUNNING",
    ]);
    expect(toWaterfall([], new Map(), { width: 40, now: 0 })).toEqual(["no step has begun"]);
  });

  it("has a colour for a step whose tool failed, which was heard", () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    const heard = { ...STEP, invocation: { id: "i", status: "FAILED" as const, executionMs: 1 } };
    expect(toWaterfall([heard], new Map(), { width: 40, now: 0 })[1]).toContain("\u001b[31m█");
    expect(toWaterfall([STEP], new Map(), { width: 40, now: 0 })[1]).not.toContain("\u001b");
  });

  it("has a cell for what is too short to be seen, and the last notes of many", () => {
    const tries = Array.from({ length: 9 }, (_value, index) =>
      event(index, "STEP_RETRIED", 1, { attempt: index + 1, delayMs: 0, error: ERROR }),
    );
    const times = toStepTimes([...tries, event(86_400, "STEP_PARKED", 1), event(172_800, "STEP_SUCCEEDED", 1)]);
    const lines = toWaterfall([{ ...STEP, attempt: 10 }], times, { width: 60, now: 0 });
    expect(lines[1]).toContain("░");
    expect(lines.slice(2, 4)).toEqual(["   5 things before these", expect.stringContaining("attempt 6 failed")]);
    expect(lines.at(-2)).toBe("   succeeded in try 10");
  });
});

describe("wrap()", () => {
  it.each([
    ["one two three", 7, ["one two", "three"]],
    ["日本語日本語", 5, ["日本", "語日", "本語"]],
    ["a 👨‍👩‍👧👨‍👩‍👧", 3, ["a", "👨‍👩‍👧", "👨‍👩‍👧"]],
    ["", 5, [""]],
  ])("of %j to %i is %j", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});

describe("describeMs()", () => {
  it.each([
    [0.4, "0 ms"],
    [999, "999 ms"],
    [1_234, "1.2 s"],
    [59_400, "59 s"],
    [60_000, "1 m"],
    [250_000, "4 m 10 s"],
    [7_500_000, "2 h 5 m"],
    [266_400_000, "3 d 2 h"],
  ])("of %d is %s", (ms, words) => {
    expect(describeMs(ms)).toBe(words);
  });
});
