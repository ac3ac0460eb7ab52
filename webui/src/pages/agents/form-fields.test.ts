import { expect, test } from "vitest";
import { fromInput, readJson, toFields, toInput } from "./form-fields.ts";

const SCHEMA = {
  type: "object",
  required: ["text", "amount", "express"],
  properties: {
    text: { type: "string", title: "Question", description: "What is asked" },
    code: { type: "string", maxLength: 20, default: "A-1" },
    mail: { type: "string", format: "email" },
    amount: { type: "number", default: 3 },
    count: { type: "integer" },
    express: { type: "boolean", default: false },
    size: { enum: ["S", "M", 3] },
    way: { anyOf: [{ const: "air" }, { const: "sea" }] },
    only: { const: "this" },
    tags: { type: "array", items: { type: "string" }, default: ["x"] },
    to: { type: "object", properties: {} },
    either: { anyOf: [{ type: "string" }, { const: 1 }] },
    none: { type: ["string", "null"] },
    any: true,
  },
};
const fields = toFields(SCHEMA) ?? [];

test("toFields() makes a field of each property: how it is typed in, and what it begins with", () => {
  expect(fields.map(({ key, kind, isRequired, initial }) => [key, kind, isRequired, initial])).toEqual([
    ["text", "text", true, ""],
    ["code", "line", false, "A-1"],
    ["mail", "line", false, ""],
    ["amount", "number", true, "3"],
    ["count", "integer", false, ""],
    ["express", "choice", true, "false"],
    ["size", "choice", false, ""],
    ["way", "choice", false, ""],
    ["only", "choice", false, ""],
    ["tags", "json", false, '[\n  "x"\n]'],
    ["to", "json", false, ""],
    ["either", "json", false, ""],
    ["none", "json", false, ""],
    ["any", "json", false, ""],
  ]);
  expect(fields.map(({ choices }) => choices).filter(({ length }) => length > 0)).toEqual([
    [true, false],
    ["S", "M", 3],
    ["air", "sea"],
    ["this"],
  ]);
  expect(fields.slice(0, 2).map(({ label, description }) => [label, description])).toEqual([
    ["Question", "What is asked"],
    ["code", ""],
  ]);
});

test.each([null, "x", { type: "string" }, { type: "object" }])("toFields() has no form for %j", (schema) => {
  expect(toFields(schema)).toBeUndefined();
});

test("toInput() reads what was typed, leaves out what is empty, and tells what it cannot read", () => {
  expect(
    toInput(fields, { text: " two words ", amount: "4.5", code: "", size: "3", way: '"sea"', tags: "[1]" }),
  ).toEqual({
    input: { text: " two words ", amount: 4.5, express: false, size: 3, way: "sea", tags: [1] },
    faults: {},
  });
  const wrong = { amount: "4,5", count: "true", tags: "[1", to: "12345678901234567890" };
  expect(toInput(fields, wrong).faults).toEqual({
    amount: "is no number",
    count: "is no number",
    tags: "is no JSON",
    to: "the number 12345678901234567890 cannot be kept exactly; send it as a text",
  });
  expect(readJson("{}")).toEqual({ is: {} });
});

test("fromInput() writes an input into the form, and tells what that has no field for", () => {
  const { typed, unknown } = fromInput(fields, { text: "x", amount: 1, express: true, to: { city: "y" }, more: 1 });
  expect(typed).toMatchObject({ text: "x", amount: "1", express: "true", to: '{\n  "city": "y"\n}', code: "" });
  expect(unknown).toEqual(["more"]);
  expect(toInput(fields, typed).input).toEqual({ text: "x", amount: 1, express: true, to: { city: "y" } });
});
