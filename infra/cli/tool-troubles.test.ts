import { describe, expect, it } from "vitest";
import { describeOutcome, describeTroubles, noteTroubles, type ToolTroubles } from "./tool-troubles.ts";

function troublesOf(...events: { type: string; nodeId?: string; nodeType?: string; payload: unknown }[]): ToolTroubles {
  const troubles: ToolTroubles = { failed: [], denied: [], cut: 0 };
  for (const event of events) noteTroubles(troubles, event);
  return troubles;
}

const ended = (status: string, tool = "code_run") => ({
  type: "STEP_SUCCEEDED",
  nodeType: "tool",
  payload: { output: { tool, status, error: null } },
});

describe("noteTroubles()", () => {
  it("finds calls that ended badly although their step succeeded", () => {
    expect(troublesOf(ended("FAILED"), ended("TIMED_OUT", "clock"), ended("SUCCEEDED"), ended("TRUNCATED"))).toEqual({
      failed: ["code_run", "clock"],
      denied: [],
      cut: 0,
    });
  });

  it("finds what was denied, and calls whose step failed, which are named by their node", () => {
    const denied = { type: "STEP_DENIED", nodeId: "policy", payload: { output: { tool: "code_run", allow: false } } };
    const failed = { type: "STEP_FAILED", nodeId: "fetch", nodeType: "tool", payload: { error: { code: "TIMEOUT" } } };
    const model = { type: "STEP_FAILED", nodeId: "model", nodeType: "model", payload: { error: { code: "TIMEOUT" } } };
    expect(troublesOf(denied, failed, model)).toEqual({ failed: ["fetch"], denied: ["code_run"], cut: 0 });
  });

  it("counts answers that were cut", () => {
    const cut = { type: "STEP_SUCCEEDED", nodeId: "ask", nodeType: "model", payload: { output: { cut: "length" } } };
    expect(troublesOf(cut, cut)).toEqual({ failed: [], denied: [], cut: 2 });
  });

  it.each([
    [{ type: "STEP_SUCCEEDED", payload: { output: { tool: "code_run", allow: true } } }],
    [{ type: "STEP_SUCCEEDED", payload: { output: { status: "WELL" } } }],
    [{ type: "STEP_SUCCEEDED", payload: null }],
    [{ type: "STEP_PONDERED", payload: { output: { tool: "x", status: "FAILED" } } }],
  ])("finds nothing in %j", (event) => {
    expect(troublesOf(event)).toEqual({ failed: [], denied: [], cut: 0 });
  });
});

describe("describeTroubles()", () => {
  it("says how many and which, in one line", () => {
    expect(describeTroubles({ failed: [], denied: [], cut: 2 })).toBe("2 answers cut");
    expect(describeTroubles({ failed: ["a", "b", "a"], denied: ["c"], cut: 0 })).toBe(
      "3 calls failed (a, b), 1 call denied (c)",
    );
    expect(describeTroubles({ failed: [], denied: [], cut: 0 })).toBeUndefined();
  });
});

describe("describeOutcome()", () => {
  it.each([
    [{ kind: "OK", failedCalls: 0, deniedCalls: 0, cutAnswers: 0 }, "ok"],
    [{ kind: "WITH_FAILURES", failedCalls: 2, deniedCalls: 1, cutAnswers: 0 }, "2 calls failed, 1 call denied"],
    [{ kind: "WITH_DENIALS", failedCalls: 0, deniedCalls: 1, cutAnswers: 0 }, "1 call denied"],
    [{ kind: "FAILED", failedCalls: 1, deniedCalls: 0, cutAnswers: 0 }, "1 call failed"],
    [{ kind: "CANCELED", failedCalls: 0, deniedCalls: 0, cutAnswers: 0 }, ""],
    [{ kind: "INCOMPLETE", failedCalls: 1, deniedCalls: 0, cutAnswers: 1 }, "1 answer cut, 1 call failed"],
    [null, ""],
  ] as const)("says of %j: %s", (outcome, words) => {
    expect(describeOutcome(outcome)).toBe(words);
  });
});
