import { describe, expect, it } from "vitest";
import { describeBudget, describeMeasure, limitsOf, showAmount, toMillionths } from "./spending.ts";

describe("limitsOf()", () => {
  const budgets = {
    day: { money: 0.5, tokens: 9 },
    run: { toolCalls: 3, seconds: 60 },
    roles: { assistant: { total: { modelCalls: 1 } }, other: { day: { modelCalls: 2 } } },
    agents: { research: { day: {} } },
  };

  it("gives every budget with a limit, money in millionths, and leaves out what has none", () => {
    expect(limitsOf(budgets)).toEqual([
      { scope: "tenant", name: "", daily: true, money: 500_000, tokens: 9 },
      { scope: "role", name: "assistant", daily: false, modelCalls: 1 },
      { scope: "role", name: "other", daily: true, modelCalls: 2 },
      { scope: "run", name: "", daily: false, toolCalls: 3 },
    ]);
    expect(limitsOf({})).toEqual([]);
    expect(limitsOf({ run: { seconds: 5 } })).toEqual([]);
  });

  it("gives those that a run falls under", () => {
    const only = limitsOf(budgets, { role: "other", agent: "assistant" });
    expect(only.map(({ scope, name }) => `${scope} ${name}`)).toEqual(["tenant ", "role other", "run "]);
  });
});

describe("toMillionths() and showAmount()", () => {
  it("keep money whole", () => {
    expect([0.5, 0.1 + 0.2, 0.000001, 12].map(toMillionths)).toEqual([500_000, 300_000, 1, 12_000_000]);
    expect([500_000, 1, 0, 12_345_678, -2_500_000].map((amount) => showAmount("money", amount))).toEqual([
      ...["0.50", "0.000001", "0.00", "12.345678", "-2.50"],
    ]);
    expect(showAmount("tokens", 12)).toBe("12");
  });
});

describe("describeBudget() and describeMeasure()", () => {
  it("say whose and what", () => {
    const key = { name: "x", daily: false };
    expect(describeBudget({ ...key, scope: "tenant", daily: true })).toBe("the tenant for today");
    expect(describeBudget({ ...key, scope: "role" })).toBe("the role x");
    expect(describeBudget({ ...key, scope: "agent" })).toBe("the agent x");
    expect(describeBudget({ ...key, scope: "run" })).toBe("the run");
    expect(describeMeasure("modelCalls")).toBe("calls of models");
  });
});
