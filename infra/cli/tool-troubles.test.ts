import { describe, expect, it } from "vitest";
import { describeTroubles, noteTroubles, type ToolTroubles } from "./tool-troubles.ts";

function troublesOf(...events: { type: string; nodeId?: string; payload: unknown }[]): ToolTroubles {
  const troubles: ToolTroubles = { failed: [], denied: [] };
  for (const event of events) noteTroubles(troubles, event);
  return troubles;
}

const ended = (status: string, tool = "code_run") => ({
  type: "STEP_SUCCEEDED",
  payload: { output: { tool, status, error: null } },
});

describe("noteTroubles()", () => {
  it("finds calls that ended badly although their step succeeded", () => {
    expect(troublesOf(ended("FAILED"), ended("TIMED_OUT", "clock"), ended("SUCCEEDED"), ended("TRUNCATED"))).toEqual({
      failed: ["code_run", "clock"],
      denied: [],
    });
  });

  it("finds what was denied, and steps that failed", () => {
    const denied = { type: "STEP_DENIED", nodeId: "policy", payload: { output: { tool: "code_run", allow: false } } };
    const failed = { type: "STEP_FAILED", nodeId: "model", payload: { error: { code: "MODEL_FAILED" } } };
    expect(troublesOf(denied, failed)).toEqual({ failed: ["model"], denied: ["code_run"] });
  });

  it.each([
    [{ type: "STEP_SUCCEEDED", payload: { output: { tool: "code_run", allow: true } } }],
    [{ type: "STEP_SUCCEEDED", payload: { output: { status: "WELL" } } }],
    [{ type: "STEP_SUCCEEDED", payload: null }],
    [{ type: "STEP_PONDERED", payload: { output: { tool: "x", status: "FAILED" } } }],
  ])("finds nothing in %j", (event) => {
    expect(troublesOf(event)).toEqual({ failed: [], denied: [] });
  });
});

describe("describeTroubles()", () => {
  it("says how many and which, in one line", () => {
    expect(describeTroubles({ failed: ["a", "b", "a"], denied: ["c"] })).toBe(
      "3 calls failed (a, b), 1 call denied (c)",
    );
    expect(describeTroubles({ failed: [], denied: [] })).toBeUndefined();
  });
});
