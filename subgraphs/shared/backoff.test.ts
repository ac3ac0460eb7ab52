import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

describe("backoffMs()", () => {
  const policy = { initialMs: 100, maxMs: 1_000 };

  it("doubles its limit with each failure, up to the largest", () => {
    expect([1, 2, 3, 4, 5, 60].map((failures) => backoffMs(policy, failures, 1))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it("waits anything between its least and its limit", () => {
    expect(backoffMs(policy, 3, 0)).toBe(0);
    expect(backoffMs({ ...policy, minMs: 20 }, 3, 0)).toBe(20);
    expect(backoffMs({ ...policy, minMs: 20 }, 3, 0.5)).toBe(210);
    expect(backoffMs({ ...policy, minMs: 5_000 }, 1, 1)).toBe(5_000);
  });
});
