import { validateForPublish } from "@soma/schemas/validate";
import { describe, expect, it } from "vitest";
import { EVENT_STATUS, type FinalStatus } from "./invocation.ts";
import { type FinishedInvocation, runOf, toToolEvent } from "./tool-event.ts";

const invocation: FinishedInvocation = {
  tenant: "acme",
  invocationId: "01920000-0000-8000-8000-000000000001",
  runId: null,
  stepId: null,
  tool: "clock",
  isolation: "none",
  decisionId: "01920000-0000-7000-8000-000000000002",
  traceId: "",
  status: "SUCCEEDED",
  errorType: null,
  executionMs: 1.5,
  outputBytes: 3,
};

describe("toToolEvent()", () => {
  it("fits agent.tools.v1 for every final status, within a run and outside", () => {
    const runId = "01920000-0000-7000-8000-000000000003";
    for (const status of Object.keys(EVENT_STATUS) as FinalStatus[]) {
      for (const place of [{}, { runId, stepId: `${runId}.4` }, { runId }]) {
        const event = toToolEvent({
          ...invocation,
          ...place,
          status,
          errorType: status === "UNKNOWN" ? "unknown_outcome" : null,
        });
        expect(validateForPublish("agent.tools.v1", event)).toEqual([]);
        expect(event.status).toBe(EVENT_STATUS[status]);
      }
    }
  });

  it("takes the invocation as the run of a call that has none", () => {
    expect(toToolEvent(invocation)).toMatchObject({
      run_id: invocation.invocationId,
      step_id: `${invocation.invocationId}.1`,
      sandbox: "none",
    });
    expect(runOf({ runId: "r", invocationId: "i" })).toBe("r");
  });
});
