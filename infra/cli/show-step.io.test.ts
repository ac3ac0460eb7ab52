import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Product } from "./find-product.ts";
import { showStep } from "./show-step.ts";
import { type Asked, startStubProduct, written } from "./testing/stub-product.ts";

const DECISION = {
  ...{
    __typename: "Decision",
    id: "d",
    allow: false,
    reason: "role restricted may not call code_run",
    role: "restricted",
  },
  ...{ tool: "code_run", toolVersion: "1", policyVersion: "3f9c", obligations: null },
};
const STEP = {
  ...{ __typename: "Step", id: "r1.5", number: 5, nodeId: "tool", nodeType: "tool", status: "SUCCEEDED", attempt: 2 },
  ...{ summary: "code_run", output: { said: "x" }, latencyMs: 3.4, startedAt: "2026-11-26T00:00:01Z" },
  ...{ finishedAt: null, abandoned: false, error: null, answeredBy: null, prompt: null, decision: null },
  invocation: null,
};
const INVOCATION = {
  ...{ id: "i", status: "DENIED", args: { code: "1" }, output: null, outputBytes: 0, executionMs: null, attempt: 1 },
  ...{ error: { type: "DENIED", message: "not allowed\u001b[2J" }, decision: DECISION },
};

describe("soma runs show --step", () => {
  let product: Product;
  let node: object | null;
  const asked: Asked[] = [];
  let close = (): void => {};
  beforeAll(async () => {
    const answer = (one: Asked) => {
      asked.push(one);
      return { data: { node } };
    };
    ({ product, close } = await startStubProduct(answer));
  });
  afterAll(() => close());
  beforeEach(() => {
    asked.length = 0;
    vi.stubEnv("NO_COLOR", "1");
  });

  const shown = (json = false, step = "5") => written(() => showStep(product, { id: "r1", step, json }));

  it("tells of a call what was asked, why it was denied and by which policy, for people and as JSON", async () => {
    node = { ...STEP, invocation: INVOCATION };
    const { stdout } = await shown();
    expect(asked[0]?.variables).toEqual({ id: "r1.5" });
    expect(stdout).toMatch(/^step {6}5\nnode {6}tool\nwhat {6}code_run\nstatus {4}SUCCEEDED\nattempt {3}2\n/);
    expect(stdout).toContain("took      3 ms\n");
    expect(stdout).toContain("call      DENIED\ndecision  denied: role restricted may not call code_run\n");
    expect(stdout).toContain("tool      code_run 1\nrole      restricted\npolicy    3f9c\n");
    expect(stdout).toContain('\n--- arguments\n{\n  "code": "1"\n}\n\n--- error\nDENIED: not allowed\n');
    expect(stdout).toContain("`npx soma policy explain d` shows which rules of the policy held\n");
    for (const left of ["--- output", "\u001b"]) expect(stdout).not.toContain(left);
    expect(JSON.parse((await shown(true)).stdout)).toEqual(node);
  });

  it("tells of a model which one answered, what it left, and how to see what it was sent", async () => {
    const answeredBy = { profile: "big", provider: "OPENAI_RESPONSES", model: "m", passedOver: [] };
    const prompt = { profile: "big", model: "m", params: {}, messages: [], tools: [] };
    node = { ...STEP, nodeId: "ask", nodeType: "model", abandoned: true, answeredBy, prompt };
    const { stdout } = await shown();
    expect(stdout).toContain("step      5, taken back by a rollback\nnode      ask (model)\n");
    expect(stdout).toContain("model     m · OPENAI_RESPONSES · big\n");
    expect(stdout).toContain('\n--- output\n{\n  "said": "x"\n}\n');
    expect(stdout).toContain("`npx soma runs show r1 --prompt 5` shows what its model was sent\n");
  });

  it("says what went wrong in a step that failed and left nothing", async () => {
    node = { ...STEP, status: "FAILED", output: null, latencyMs: null, error: { code: "UPSTREAM", message: "away" } };
    const { stdout } = await shown();
    expect(stdout).toContain("error     UPSTREAM: away\n");
    expect(stdout).not.toMatch(/took|---/);
  });

  it("says that there is no such step, and what is no step", async () => {
    for (node of [null, { __typename: "Run" }])
      await expect(shown()).rejects.toThrow("step 5 of run r1 does not exist; `npx soma runs show r1` shows its steps");
    await expect(shown(false, "model")).rejects.toThrow("--step is model; it is the number of a step");
  });
});
