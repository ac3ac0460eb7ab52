import { describe, expect, it } from "vitest";
import { stands } from "./stands.ts";

const now = new Date(1_000);
const decision = {
  allow: false,
  reason: "role ghost may not call clock",
  policyVersion: "a",
  expiresAt: new Date(1_001),
};
const policy = { now, version: "a", fault: undefined };
const broken = { ...decision, reason: "policy_error: bundle" };

describe("stands()", () => {
  it("lets a decision stand until its time is over, also under another policy", () => {
    expect(stands(decision, { ...policy, version: "b" })).toBe(true);
    expect(stands({ ...decision, expiresAt: now }, policy)).toBe(false);
  });

  it("lets what a broken policy denied stand only while that policy is there", () => {
    const denying = { ...policy, fault: "it cannot be loaded" };
    expect(stands(broken, denying)).toBe(true);
    expect(stands(broken, { ...denying, version: "b" })).toBe(false);
    expect(stands({ ...broken, expiresAt: now }, denying)).toBe(false);
  });

  it("asks anew once the same policy can be loaded", () => {
    expect(stands(broken, policy)).toBe(false);
    expect(stands({ ...broken, reason: "policy_error: evaluation failed" }, policy)).toBe(true);
    expect(stands({ ...broken, allow: true }, policy)).toBe(true);
  });
});
