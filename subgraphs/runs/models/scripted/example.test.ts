import { describe, expect, test } from "vitest";
import { exampleOf } from "./example.ts";

describe("exampleOf()", () => {
  test.each<[object, unknown]>([
    [{ type: "object" }, {}],
    [
      {
        type: "object",
        properties: { name: { type: "string", minLength: 9 }, at: { type: "number", exclusiveMinimum: 3 } },
        required: ["name", "at"],
      },
      { name: "example..", at: 4 },
    ],
    [{ type: "array", items: { type: "boolean" }, minItems: 2 }, [true, true]],
    [{ enum: ["red", "blue"] }, "red"],
    [{ const: 7 }, 7],
    [{ type: "integer", default: 5 }, 5],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, null],
    [{ type: ["integer", "null"], minimum: 2 }, 2],
  ])("of %j is %j", (schema, value) => {
    expect(JSON.parse(exampleOf(schema) ?? "")).toEqual(value);
  });

  test.each([
    { type: "string", pattern: "^[0-9]+$" },
    { type: "object", properties: { a: { $ref: "#/$defs/a" } }, required: ["a"], $defs: { a: { type: "string" } } },
    { type: "array", items: { type: "null" }, minItems: 1e12 },
    { type: "string", minLength: 1e6 },
    "no schema",
  ])("is none of %j", (schema) => {
    expect(exampleOf(schema)).toBeUndefined();
  });
});
