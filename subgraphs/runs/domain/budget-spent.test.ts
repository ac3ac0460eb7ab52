import { describe, expect, it } from "vitest";
import { BudgetSpent, proposedRaise, resetsAt, type SpentBudget } from "./budget-spent.ts";

const budget: SpentBudget = {
  ...{ scope: "run", name: "", daily: false },
  ...{ measure: "money", most: 500_000, spent: 490_000, want: 20_000, dayLeftMs: 5 },
};

describe("BudgetSpent", () => {
  it("says whose budget of what is spent, and what a call would take", () => {
    const error = new BudgetSpent(budget, { currency: "USD", raisedBy: undefined });
    expect(error).toMatchObject({ code: "BUDGET_EXCEEDED", retryable: false });
    expect(error.message).toBe(
      "the budget of the run is spent: 0.49 of 0.50 USD of money, and the next call may take 0.02",
    );
    const counted = { ...budget, measure: "tokens", daily: true, scope: "tenant" } as const;
    expect(new BudgetSpent(counted, { currency: "USD", raisedBy: "approver" }).message).toContain(
      "the budget of the tenant for today is spent: 490000 of 500000 of tokens",
    );
  });
});

describe("proposedRaise()", () => {
  it("is as much again, or what the call needs", () => {
    expect(proposedRaise(budget)).toBe(500_000);
    expect(proposedRaise({ ...budget, most: 0, spent: 0 })).toBe(20_000);
  });
});

describe("resetsAt()", () => {
  it("is as far away as the day's end is in the database, whatever day it is here", () => {
    const now = new Date("2026-11-27T23:59:59.999Z");
    expect(resetsAt({ daily: true, dayLeftMs: 60_000 }, now)).toEqual(new Date("2026-11-28T00:00:59.999Z"));
    expect(resetsAt({ daily: false, dayLeftMs: 60_000 }, now)).toBeUndefined();
  });
});
