import { describe, expect, it } from "vitest";
import { describeShape, toSummary } from "./step-summary.ts";

describe("toSummary()", () => {
  it("is the node's own line, without what looks like a secret", () => {
    expect(toSummary("calculate with expression", { expression: "1+1" })).toBe("calculate with expression");
    expect(toSummary("called with api_key=abc123def456 and Bearer abcdefgh12345678", null)).toBe(
      "called with api_key=[redacted] and [redacted]",
    );
  });

  it("is the shape of the value where the node says nothing: names, numbers and sizes, never a text", () => {
    const value = {
      question: "my secret is hunter2",
      hits: [1, 2],
      found: true,
      ms: 4,
      status: "SUCCEEDED",
      none: null,
    };
    const summary = toSummary(undefined, value);
    expect(summary).toBe("{question: 20 characters, hits: 2 items, found: true, ms: 4, status: SUCCEEDED, none: null}");
    expect(toSummary(undefined, undefined)).toBe("null");
  });

  it("is at most 1 KB, whatever the value", () => {
    const wide = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`${"ü".repeat(60)}${i}`, i]));
    for (const summary of [toSummary("ü".repeat(5_000), null), toSummary(undefined, wide)])
      expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1_024);
    expect(describeShape(Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, i])), 2)).toBe("99 fields");
  });

  it("describeShape() stops at its depth and says one item in the singular", () => {
    expect(describeShape({ a: { b: { c: 1 } }, list: [1] }, 1)).toBe("{a: 1 fields, list: 1 item}");
  });
});
