import { describe, expect, it } from "vitest";
import { redact } from "./redact.ts";

describe("redact()", () => {
  it.each([
    "sk-proj-abcdef1234567890",
    "ghp_abcdefghij1234567890",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "Bearer abcdefghijklmnop",
    "Authorization: Bearer abcdefghijklmnop",
    "authorization=Basic YWJjOmRlZg",
    "AKIAIOSFODNN7EXAMPLE",
    "password=hunter2",
    'client_secret: "very secret"',
    "API-KEY = x1y2z3",
  ])("takes out %s", (secret) => {
    const value = secret.replace(/^.*[=:] ?/, "").replaceAll('"', "");
    expect(redact(`before ${secret} after`)).not.toContain(value);
    expect(redact(`before ${secret} after`)).toMatch(/^before .*\[redacted\].* after$/);
  });

  it("takes the user out of an address and leaves the rest", () => {
    expect(redact("postgres://soma:pass@db:5432/x")).toBe("postgres://[redacted]@db:5432/x");
  });

  it.each(["calculate with expression", "12 tokens in and 3 out", "a key question", "skip-ahead of time"])(
    "leaves %s as it is",
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );
});
