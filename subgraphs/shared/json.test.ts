import { canonicalJson } from "@soma/schemas/json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clip, digest, toStorableJson } from "./json.ts";

describe("json", () => {
  it("toStorableJson() keeps any JSON value, without what jsonb refuses", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const stored = JSON.stringify(toStorableJson(value));
        expect(stored).not.toMatch(/\\u0000|\\ud[89ab]..(?!\\ud[c-f])/);
        expect(JSON.stringify(toStorableJson(JSON.parse(stored)))).toBe(stored);
      }),
    );
    expect(toStorableJson({ a: "x\u0000", b: undefined })).toEqual({ a: "x\ufffd" });
    expect(toStorableJson({ "\ud800": ["\\u0000", "\udc00x", "🦄"] })).toEqual({
      "\ufffd": ["\\u0000", "\ufffdx", "🦄"],
    });
    expect(() => toStorableJson(undefined)).toThrow(/not JSON/);
    const deep: unknown = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(() => toStorableJson(deep)).toThrow("nested too deep");
  });

  it("digest() does not depend on the order of properties, and does on everything else", () => {
    expect(digest({ a: 1, b: [2, null] })).toBe(digest({ b: [2, null], a: 1 }));
    expect(digest({ a: 1 })).not.toBe(digest({ a: "1" }));
    expect(canonicalJson({ b: 1, a: "ü" })).toBe('{"a":"ü","b":1}');
  });

  it("clip() cuts at bytes and between characters", () => {
    expect(clip("üü", 3)).toBe("ü");
    expect(clip("abc", 3)).toBe("abc");
    expect(clip("🦄", 3)).toBe("");
  });
});
