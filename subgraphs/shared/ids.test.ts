import { describe, expect, it } from "vitest";
import { derivedId, type IdType, isId, newId, typeOfId } from "./ids.ts";

const TYPES: IdType[] = ["Other", "Run", "Session", "Memory", "Decision", "Invocation", "AuditEvent"];

describe("ids", () => {
  it.each(TYPES)("newId() and derivedId() of %s are UUIDs that say so", (type) => {
    expect(newId(type)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(derivedId(type, "a", 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([newId(type), derivedId(type, "x")].map(typeOfId)).toEqual([type, type]);
  });

  it("newId() sorts by time and never repeats", () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => newId("Run", 1_000_000 + i));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(Array.from({ length: 10_000 }, () => newId())).size).toBe(10_000);
  });

  it("derivedId() is the same for the same parts, and another for others", () => {
    expect(derivedId("Invocation", "acme", "k")).toBe(derivedId("Invocation", "acme", "k"));
    expect(derivedId("Invocation", "ac", "mek")).not.toBe(derivedId("Invocation", "acme", "k"));
  });

  it("typeOfId() and isId() know what is not ours", () => {
    for (const text of ["", "x", `${newId()}.1`, newId().toUpperCase()]) {
      expect(isId(text)).toBe(false);
      expect(typeOfId(text)).toBeUndefined();
    }
    const foreign = "550e8400-e29b-41d4-a716-446655440000";
    expect([isId(foreign), typeOfId(foreign)]).toEqual([true, undefined]);
  });
});
