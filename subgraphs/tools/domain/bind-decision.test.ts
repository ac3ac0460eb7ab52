import { describe, expect, it } from "vitest";
import { type DecidedCall, findDifferences } from "./bind-decision.ts";

const call: DecidedCall = {
  tenant: "acme",
  actor: "user:ada",
  tool: "clock",
  toolVersion: "1",
  argsDigest: "d",
  runId: null,
  stepId: null,
  idempotencyKey: "k",
};

describe("findDifferences()", () => {
  it("finds none in the same call", () => {
    expect(findDifferences({ ...call }, call)).toEqual([]);
  });

  it("finds each part that differs, a run that only one of the two names too", () => {
    const other: DecidedCall = {
      tenant: "b",
      actor: "user:eve",
      tool: "code_run",
      toolVersion: "2",
      argsDigest: "e",
      runId: "r",
      stepId: "r.1",
      idempotencyKey: "l",
    };
    for (const part of ["tenant", "actor", "tool", "toolVersion", "argsDigest", "runId", "idempotencyKey"] as const) {
      expect(findDifferences({ ...call, [part]: other[part] }, call)).toEqual([part]);
      expect(findDifferences(call, { ...call, [part]: other[part] })).toEqual([part]);
    }
    expect(findDifferences({ ...call, stepId: "r.1" }, { ...call, stepId: "r.2" })).toEqual([]);
    expect(findDifferences(other, call)).toHaveLength(7);
  });
});
