import { describe, expect, it } from "vitest";
import { aFalcoAlert } from "../testing/falco.ts";
import { parseFalcoAlert } from "./falco-alert.ts";

describe("parseFalcoAlert()", () => {
  it("keeps what Falco tells, and nothing that it does not know", () => {
    const { output_fields: fields, ...alert } = aFalcoAlert();
    const { uuid, ...told } = { ...alert, uuid: "x" };
    expect(parseFalcoAlert({ ...told, uuid, output_fields: fields })).toEqual({
      ...told,
      priority: "critical",
      fields,
    });
  });

  it("takes an alert without what may be left out, or with something else in its place", () => {
    const least = { rule: "r", priority: "Notice", output: "o" };
    const empty = { hostname: "", source: "", time: "", tags: [], fields: {} };
    expect(parseFalcoAlert(least)).toEqual({ ...least, priority: "notice", ...empty });
    const odd = { hostname: 1, source: null, time: {}, tags: "soma", output_fields: ["a"] };
    expect(parseFalcoAlert({ ...least, ...odd })).toEqual({ ...least, priority: "notice", ...empty });
  });

  it("cuts what is too long, by bytes, and keeps no more than so many tags and fields", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field.${n}`, "é".repeat(5_000)]));
    const alert = parseFalcoAlert(
      aFalcoAlert({
        output: "x".repeat(60_000),
        rule: "r".repeat(500),
        tags: Array(99).fill("t"),
        output_fields: many,
      }),
    );
    expect([alert.output.length, alert.rule.length, alert.tags.length]).toEqual([8_192, 200, 32]);
    expect(Object.keys(alert.fields)).toHaveLength(64);
    expect(alert.fields["field.0"]).toBe("é".repeat(1_024));
  });

  it("keeps truths, numbers and nothing as they are, what is nested as its JSON, and no name with a meaning", () => {
    const fields = JSON.parse('{"a":1,"b":true,"c":null,"d":{"e":["f"]},"__proto__":{"polluted":true}}');
    const alert = parseFalcoAlert(aFalcoAlert({ output_fields: fields, tags: ["soma", 1, null] }));
    expect(JSON.stringify(alert.fields)).toBe(
      '{"a":1,"b":true,"c":null,"d":"{\\"e\\":[\\"f\\"]}","__proto__":"{\\"polluted\\":true}"}',
    );
    expect(alert.tags).toEqual(["soma"]);
    expect({}).not.toHaveProperty("polluted");
  });

  it.each([
    ["a text", "output without json_output", "a JSON object"],
    ["a list", [aFalcoAlert()], "a JSON object"],
    ["nothing", null, "a JSON object"],
    ["an alert without a rule", aFalcoAlert({ rule: undefined }), "a text as its rule"],
    ["an alert with a number as its output", aFalcoAlert({ output: 7 }), "a text as its output"],
    ["an alert with an empty rule", aFalcoAlert({ rule: "" }), "a text as its rule"],
    ["a priority that Falco has not", aFalcoAlert({ priority: "High" }), '"high"'],
  ])("refuses %s", (_what, input, reason) => {
    expect(() => parseFalcoAlert(input)).toThrow(reason);
  });
});
