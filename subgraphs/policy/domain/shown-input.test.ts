import { canonicalJson } from "@soma/schemas/json";
import { describe, expect, it } from "vitest";
import { toShownInput } from "./shown-input.ts";

describe("toShownInput()", () => {
  it.each([
    { password: "hunter2" },
    { password: 'a "quoted" hunter2' },
    { password: ["a", "hunter2"] },
    { api_key: { of: "hunter2" } },
    { body: JSON.stringify({ password: "hunter2" }) },
    { body: JSON.stringify({ inner: JSON.stringify({ a: 1 }), password: 'say "hunter2"' }) },
    { note: 'it is "so": password=hunter2' },
    { url: "https://ada:hunter2@example.com/" },
    { "sk-hunter2-abcdef": 1 },
  ])("takes the secret out of %j, and leaves JSON", (args) => {
    const shown = toShownInput(canonicalJson({ args, tool: { name: "http_fetch" } }));
    expect(shown).not.toContain("hunter2");
    expect(shown).toContain("[redacted]");
    expect(JSON.parse(shown)).toMatchObject({ tool: { name: "http_fetch" } });
  });

  it("leaves everything else as it is", () => {
    const input = canonicalJson({ args: [{ code: 'print("é\u2028")', n: 0.1, none: null, yes: true }], run: null });
    expect(toShownInput(input)).toBe(input);
  });

  it("takes secrets out of what no stack can hold, too", () => {
    const deep = `{"args":${"[".repeat(30_000)}${"]".repeat(30_000)},"password":"hunter2"}`;
    expect(toShownInput(deep)).not.toContain("hunter2");
    expect(toShownInput("no JSON, password=hunter2")).toBe("no JSON, password=[redacted]");
  });
});
