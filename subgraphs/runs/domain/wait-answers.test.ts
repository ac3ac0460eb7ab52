import { describe, expect, it } from "vitest";
import { toChildResult, toDecision } from "./wait-answers.ts";

describe("toDecision()", () => {
  const decision = (payload: { approved: boolean | null }) =>
    toDecision({ no: 1, name: "approval:1.0", payload, sentBy: "user:ada" });

  it("tells who decided what, and of a time that ran out that nobody did", () => {
    expect(decision({ approved: false })).toEqual({
      ...{ name: "approval:1.0", approved: false, comment: null, decidedBy: "user:ada" },
    });
    expect(decision({ approved: null })).toMatchObject({ approved: null, decidedBy: null });
  });
});

describe("toChildResult()", () => {
  it("tells how a run ended, and takes what it cannot read for a failure", () => {
    expect(toChildResult({ runId: "r", status: "SUCCEEDED", answer: "42" })).toEqual({
      ...{ runId: "r", status: "SUCCEEDED", answer: "42", error: null },
    });
    expect(toChildResult({ runId: "r", status: "CANCELED", reason: "enough" })).toEqual({
      ...{ runId: "r", status: "CANCELED", answer: null, error: null },
    });
    const error = { code: "MODEL_FAILED", message: "no" };
    expect(toChildResult({ runId: "r", status: "FAILED", error })).toMatchObject({ status: "FAILED", error });
    expect(toChildResult(null)).toMatchObject({ runId: "", status: "FAILED", error: { code: "INTERNAL" } });
  });
});
