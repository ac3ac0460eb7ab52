import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryKey, withSuffix } from "./memory-key.ts";

const parts = {
  tenant: "acme",
  namespace: "default",
  sessionId: "s1",
  role: "user",
  at: "2026-01-02T03:04:05.678Z",
  content: "hello",
};

describe("memoryKey()", () => {
  it("joins who, where, when and what", () => {
    expect(memoryKey(parts)).toBe("acme/default/s1/user/2026-01-02T03:04:05.678Z/5aa762ae383fbb72");
    expect(withSuffix(memoryKey(parts), "ab12cd34")).toMatch(/5aa762ae383fbb72~ab12cd34$/);
  });

  it("gives any content six parts, the same for the same and another for another", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const [one, again, other] = [a, a, b].map((content) => memoryKey({ ...parts, content }));
        expect(one).toBe(again);
        expect(one?.split("/")).toHaveLength(6);
        expect(one === other).toBe(a === b);
      }),
    );
  });

  it("refuses a namespace that would break the key apart", () => {
    expect(() => memoryKey({ ...parts, namespace: "a/b" })).toThrow(/namespace "a\/b" is not/);
  });
});
