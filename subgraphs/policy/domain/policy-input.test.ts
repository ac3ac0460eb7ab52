import { describe, expect, it } from "vitest";
import { toPolicyInput } from "./policy-input.ts";

const call = {
  tool: "clock",
  toolVersion: "1",
  risk: "low" as const,
  args: { zone: "UTC" },
  role: "assistant",
  idempotencyKey: "key",
};
const ada = { tenant: "acme", subject: "user:ada" };
const more = { argsDigest: "d", at: new Date(0) };

describe("toPolicyInput()", () => {
  it("asks who calls what, for which run, and when", () => {
    expect(toPolicyInput(ada, { ...call, runId: "r", stepId: "r.1" }, more)).toEqual({
      actor: { id: "user:ada", tenant: "acme", role: "assistant" },
      tool: { name: "clock", version: "1", risk: "low" },
      args_digest: "d",
      args: { zone: "UTC" },
      run: { id: "r", step: "r.1" },
      now: "1970-01-01T00:00:00.000Z",
    });
  });

  it("names no run where there is none, and no step of a run where there is none", () => {
    expect(toPolicyInput(ada, call, more).run).toBeNull();
    expect(toPolicyInput(ada, { ...call, runId: null, stepId: "r.1" }, more).run).toBeNull();
    expect(toPolicyInput(ada, { ...call, runId: "r" }, more).run).toEqual({ id: "r", step: null });
  });
});
