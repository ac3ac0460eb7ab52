import { describe, expect, it } from "vitest";
import { faultsOfRun, type OrderedEvent } from "./run-faults.ts";

type Told = [kind: string, step?: number, node?: string, attempt?: number];

function eventsOf(told: Told[]): OrderedEvent[] {
  return told.map(([kind, step = 0, node = step === 0 ? null : "pay", attempt = step === 0 ? 0 : 1], at) => ({
    seq: at + 1,
    kind,
    step,
    node,
    attempt,
  }));
}

const began: Told[] = [["RUN_STARTED"], ["STEP_STARTED", 1]];
const ended: Told[] = [["STEP_SUCCEEDED", 1], ["RUN_SUCCEEDED"]];

describe("faultsOfRun()", () => {
  it("finds nothing wrong with a run whose steps were tried, ended once each, and ended themselves", () => {
    expect(faultsOfRun(eventsOf([...began, ...ended]))).toEqual([]);
    const retried: Told[] = [
      ["STEP_RETRIED", 1],
      ["STEP_STARTED", 1, "pay", 2],
      ["STEP_SUCCEEDED", 1, "pay", 2],
    ];
    expect(faultsOfRun(eventsOf([...began, ...retried, ["RUN_FAILED"]]))).toEqual([]);
  });

  const wrong: [what: string, told: Told[], fault: string][] = [
    [
      "a step that goes on after its end",
      [...began, ["STEP_SUCCEEDED", 1], ...ended],
      "entry 4 is of step 1, which had ended",
    ],
    [
      "a step that moves",
      [...began, ["STEP_SUCCEEDED", 1, "end"], ["RUN_CANCELED"]],
      "step 1 was at pay and is at end",
    ],
    ["an attempt that comes late", [["STEP_STARTED", 1, "pay", 2], ...ended], "entry 2 is of attempt 1, after 2"],
    ["a step without an end", [...began, ["RUN_SUCCEEDED"]], "step 1 at pay never ended"],
    ["a run without an end", began, "the run ended 0 times"],
    ["a run that ends twice", [...began, ...ended, ["RUN_FAILED"]], "the run ended 2 times"],
    ["what follows the end", [...began, ...ended, ["RUN_PAUSED"]], "something follows the end of the run"],
  ];
  it.each(wrong)("tells of %s", (_what, told, fault) => {
    expect(faultsOfRun(eventsOf(told))).toContainEqual(expect.stringContaining(fault));
  });
});
