import { describe, expect, test } from "vitest";
import { createQuote, parseRetryAfter } from "./model-error.ts";

const quote = createQuote("sk-secret-key-123456");

describe("createQuote()", () => {
  test("takes keys out before it clips, so that no part of one is left", () => {
    for (let at = 0; at < 40; at += 1)
      expect(quote(`${"x".repeat(at)} sk-secret-key-123456 tail`, 30)).not.toContain("sk-s");
    expect(quote("Incorrect API key provided: sk-abcd**********wxyz.", 100)).toBe("Incorrect API key provided: [key]");
    expect(createQuote("plain-token")("token plain-token", 100)).toBe("token [key]");
    expect(createQuote(undefined)("a\n\u0000b", 100)).toBe("a b");
  });

  test.each(["x", "none", "sk", "1234", "ollama", "EMPTY", "lm-studio", "not-needed", "changeme"])(
    "leaves words alone that a placeholder such as %s is part of",
    (key) => {
      const said =
        "no model sk1234 is not-needed: none of ollama, lm-studio or x is loaded (EMPTY), anything; changeme";
      expect(createQuote(key)(said, 200)).toBe(said);
    },
  );

  test("takes a key out however a server writes it, with whatever before it", () => {
    const key = 'aB3/+"kéy-9Zx0Q7w';
    const ofKey = createQuote(key);
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    for (const before of ["", "u", "us", "user:", "Bearer ", "api-key: "])
      for (const written of [
        ...[encodeURIComponent(key), JSON.stringify(key), key],
        ...[base64(before + key), base64(`${before}${key}:`), Buffer.from(before + key).toString("base64url")],
      ]) {
        const told = ofKey(`what was sent: Basic ${before}${written} and more`, 500);
        expect(told).toContain("[key]");
        expect(told).toContain("and more");
        expect(told).not.toContain(written.slice(10, 18));
      }
  });

  test("clips to its length, also inside a character", () => {
    expect(quote("abcdef", 4)).toBe("abc…");
    expect(quote("ab😀😀", 4).isWellFormed()).toBe(true);
  });
});

test("parseRetryAfter() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-11-24T10:00:00Z");
  const table: [string | null, number | null][] = [
    [null, null],
    ["", null],
    ["soon", null],
    ["2", 2_000],
    ["0.5", 500],
    ["Tue, 24 Nov 2026 10:00:03 GMT", 3_000],
    ["Tue, 24 Nov 2026 09:00:00 GMT", 0],
    ["999999", 3_600_000],
  ];
  for (const [header, ms] of table) expect(parseRetryAfter(header, now), String(header)).toBe(ms);
});
