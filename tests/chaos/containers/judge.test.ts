import { describe, expect, it } from "vitest";
import { type Came, judge } from "./judge.ts";

const step = { step: 1, node: "plan", attempt: 1 };
const run: Came = {
  runId: "run_1",
  mark: "mark-1",
  status: "SUCCEEDED",
  events: [
    { seq: 1, kind: "STEP_STARTED", ...step },
    { seq: 2, kind: "STEP_SUCCEEDED", ...step },
    { seq: 3, kind: "RUN_SUCCEEDED", step: 0, node: null, attempt: 0 },
  ],
  told: ["queued", "succeeded"],
};

describe("judge()", () => {
  it("finds nothing wrong with a run that ended well and was told, noted and kept once", () => {
    expect(judge([run], ["mark-1 it was", "mark-2"])).toEqual([]);
  });

  it("names a run that is lost, a note that stands twice or nowhere, and an end that nobody told", () => {
    expect(judge([{ ...run, status: "RUNNING", told: ["queued"] }], ["mark-1", "mark-1"])).toEqual([
      "run run_1 is RUNNING",
      "the note of run run_1 stands 2 times",
      "of run run_1 its topic tells queued",
    ]);
    expect(judge([{ ...run, told: [] }], [])).toEqual([
      "the note of run run_1 stands 0 times",
      "of run run_1 its topic tells nothing",
    ]);
  });

  it("takes a run that was to tell more for what it was to tell", () => {
    const paused = { ...run, told: ["queued", "paused", "running", "succeeded"] };
    expect(judge([{ ...paused, tells: "queued,paused,running,succeeded" }], ["mark-1"])).toEqual([]);
    expect(judge([paused], ["mark-1"])).toHaveLength(1);
  });

  it("names a step that ended twice", () => {
    const twice = [...run.events.slice(0, 2), { seq: 3, kind: "STEP_SUCCEEDED", ...step }];
    expect(judge([{ ...run, events: twice }], ["mark-1"])[0]).toContain("which had ended");
  });
});
