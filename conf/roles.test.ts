import { describe, expect, it } from "vitest";
import { isWithin, loadRoles } from "./roles.ts";

describe("isWithin()", () => {
  it("is true for a role that may do no more, by its tools and their risk, and for none that there is not", () => {
    const roles = loadRoles();
    const within = (inner: string, outer: string): boolean => isWithin(roles, inner, outer);
    expect([within("restricted", "assistant"), within("assistant", "restricted")]).toEqual([true, false]);
    expect([within("approver", "restricted"), within("restricted", "approver")]).toEqual([true, false]);
    expect([within("other", "other"), within("other", "assistant"), within("assistant", "other")]).toEqual([
      ...[true, false, false],
    ]);
    const risky = { ...roles, roles: { low: role("low"), high: role("high") } };
    expect([isWithin(risky, "low", "high"), isWithin(risky, "high", "low")]).toEqual([true, false]);
  });
});

const role = (maxRisk: "low" | "high") => ({ description: "", tools: ["clock"], maxRisk });
