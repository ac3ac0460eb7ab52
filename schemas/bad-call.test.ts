import { describe, expect, it } from "vitest";
import { badCallOf } from "./bad-call.ts";

const ended = (status: unknown, nodeType: string | null = "tool") => ({
  type: "STEP_SUCCEEDED",
  nodeType,
  payload: { output: { tool: "code_run", status } },
});

describe("badCallOf()", () => {
  it.each([
    ["FAILED", "FAILED"],
    ["TIMED_OUT", "FAILED"],
    ["CANCELED", "FAILED"],
    ["UNKNOWN", "FAILED"],
    ["DENIED", "DENIED"],
  ])("finds a call that ended %s although its step succeeded", (status, bad) => {
    expect(badCallOf(ended(status))).toBe(bad);
  });

  it("finds what was denied, and a call whose step failed", () => {
    expect(badCallOf({ type: "STEP_DENIED", nodeType: "policy", payload: {} })).toBe("DENIED");
    expect(badCallOf({ type: "STEP_FAILED", nodeType: "tool", payload: {} })).toBe("FAILED");
  });

  it.each([
    ["length", "CUT"],
    ["content_filter", "CUT"],
    ["stop", undefined],
    [7, undefined],
  ])("says of an answer of the model that was cut by %s: %s", (cut, bad) => {
    expect(badCallOf({ type: "STEP_SUCCEEDED", nodeType: "model", payload: { output: { text: "a", cut } } })).toBe(bad);
    expect(badCallOf({ type: "STEP_SUCCEEDED", nodeType: "work", payload: { output: { cut } } })).toBeUndefined();
  });

  it.each([
    ["a model that says nothing", { type: "STEP_SUCCEEDED", nodeType: "model", payload: null }],
    ["a good end", ended("SUCCEEDED")],
    ["output that was cut at the limit", ended("TRUNCATED")],
    ["a word of another agent", ended("WELL")],
    ["a status that is no word", ended(["FAILED"])],
    ["a step that is no call", ended("FAILED", "model")],
    ["a step of an unknown kind", ended("FAILED", null)],
    ["a model that failed", { type: "STEP_FAILED", nodeType: "model", payload: {} }],
    ["an attempt that is tried again", { type: "STEP_RETRIED", nodeType: "tool", payload: {} }],
    ["a call the run was canceled in", { type: "STEP_CANCELED", nodeType: "tool", payload: {} }],
    ["a step that says nothing", { type: "STEP_SUCCEEDED", nodeType: "tool", payload: null }],
    [
      "an event that is newer than this",
      { type: "STEP_PONDERED", nodeType: "tool", payload: { output: { status: "FAILED" } } },
    ],
  ])("finds nothing in %s", (_what, event) => {
    expect(badCallOf(event)).toBeUndefined();
  });
});
