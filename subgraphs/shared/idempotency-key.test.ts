import { describe, expect, it } from "vitest";
import { checkIdempotencyKey } from "./idempotency-key.ts";

describe("checkIdempotencyKey()", () => {
  it.each(["k", "x".repeat(200), "Grüße/東京:👩‍💻", " "])("takes %j", (key) => {
    expect(() => checkIdempotencyKey(key)).not.toThrow();
  });

  it.each([
    ["", /has 0 characters; it needs 1 to 200/],
    ["x".repeat(201), /has 201 characters/],
    ["a\u0000b", /holds NUL/],
    ["\ud800", /half a surrogate pair/],
  ])("refuses %j by name", (key, message) => {
    expect(() => checkIdempotencyKey(key)).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", message: expect.stringMatching(message) }),
    );
  });
});
