import { validateForPublish, validateForRead } from "@soma/schemas/validate";
import { describe, expect, it } from "vitest";
import { toRunUsage, toStepUsage } from "./published-usage.ts";

const USED = { money: 500, inputTokens: 400, cachedTokens: 300, outputTokens: 100, modelCalls: 2, toolCalls: 1 };

describe("toRunUsage()", () => {
  it("tells tokens, calls and money, and nothing of a run that made no call", () => {
    expect(toRunUsage({ ...USED, currency: "EUR" })).toEqual({
      ...{ input_tokens: 400, cached_tokens: 300, output_tokens: 100, model_calls: 2, tool_calls: 1 },
      ...{ cost: "0.0005", currency: "EUR" },
    });
    const none = { money: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, modelCalls: 0, toolCalls: 0 };
    expect(toRunUsage({ ...none, currency: "EUR" })).toBeUndefined();
    expect(toRunUsage({ ...none, toolCalls: 1, currency: "EUR" })).toMatchObject({ tool_calls: 1, cost: "0.00" });
    expect(toRunUsage(undefined)).toBeUndefined();
  });
});

describe("toStepUsage()", () => {
  const usage = { inputTokens: 400, outputTokens: 100 };

  it("tells what an answer used, and its price where one is known", () => {
    expect(toStepUsage("model", { usage })).toEqual({ input_tokens: 400, output_tokens: 100 });
    expect(toStepUsage("model", { usage: { ...usage, cachedInputTokens: 9, cost: "0.0005 USD" } })).toEqual({
      ...{ input_tokens: 400, cached_tokens: 9, output_tokens: 100, cost: "0.0005", currency: "USD" },
    });
  });

  it.each([
    ["tool", { usage }],
    [null, { usage }],
    ["model", null],
    ["model", { usage: null }],
    ["model", { usage: { ...usage, inputTokens: -1 } }],
    ["model", { usage: { ...usage, outputTokens: 0.5 } }],
    ["model", { usage: { ...usage, outputTokens: "100" } }],
  ])("tells nothing of a step of kind %s whose output is %j", (nodeType, output) => {
    expect(toStepUsage(nodeType, output)).toBeUndefined();
  });

  it.each(["free", "0.0005", "-0.50 USD", 5])("leaves out a price that is none: %j", (cost) => {
    expect(toStepUsage("model", { usage: { ...usage, cost } })).toEqual({ input_tokens: 400, output_tokens: 100 });
  });
});

describe("usage in the schemas of events", () => {
  const run = {
    ...{ run_id: "019a0000-0000-7000-8000-000000000001", tenant: "acme" },
    ...{ session_id: "019a0000-0000-7000-8000-000000000002", run_version: 1, run_schema_version: 1 },
    ...{ orchestrator_name: "asks", orchestrator_build: "0.1.0", model_profile: "m", status: "succeeded" },
    ...{ started_at: "2026-01-01T00:00:00.000Z", trace_id: "" },
  };

  it("may be left out, as older events have none, and is read with fields that are new", () => {
    expect(validateForPublish("agent.runs.v1", run)).toEqual([]);
    const usage = toRunUsage({ ...USED, currency: "EUR" });
    expect(validateForPublish("agent.runs.v1", { ...run, usage })).toEqual([]);
    expect(validateForRead("agent.runs.v1", { ...run, usage: { ...usage, reasoning_tokens: 7 } })).toEqual([]);
  });

  it("is refused when it is no amount", () => {
    const usage = { ...toRunUsage({ ...USED, currency: "EUR" }), cost: "cheap" };
    expect(validateForPublish("agent.runs.v1", { ...run, usage })).toEqual([expect.stringContaining("/usage/cost")]);
  });
});
