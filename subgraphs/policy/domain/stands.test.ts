import { describe, expect, it } from "vitest";
import { stands } from "./stands.ts";

const now = new Date(1_000);
const decision = {
  allow: false,
  reason: "role ghost may not call clock",
  policyVersion: "a",
  expiresAt: new Date(1_001),
};
const broken = { ...decision, reason: "policy_error: bundle" };

describe("stands()", () => {
  it("lets a decision stand until its time is over, also under another policy", () => {
    expect(stands(decision, { now, version: "b" })).toBe(true);
    expect(stands({ ...decision, expiresAt: now }, { now, version: "a" })).toBe(false);
  });

  it("lets what a broken policy denied stand only while that policy is there", () => {
    expect(stands(broken, { now, version: "a" })).toBe(true);
    expect(stands(broken, { now, version: "b" })).toBe(false);
    expect(stands({ ...broken, expiresAt: now }, { now, version: "a" })).toBe(false);
  });
});
