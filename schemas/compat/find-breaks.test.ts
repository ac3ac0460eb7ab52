import { describe, expect, it } from "vitest";
import { BREAK_RULES, type BreakRule, findBreaks } from "./find-breaks.ts";

/** An event with one field of the given form, and what stands beside it. */
function withField(field: object, more: object = {}): Record<string, unknown> {
  return { type: "object", properties: { id: { type: "string" }, field }, additionalProperties: false, ...more };
}

const TEXT = { type: "string" };
const plain = withField(TEXT, { required: ["id"] });
const { field: _, ...withoutField } = plain.properties as Record<string, object>;

type Case = [words: string, before: Record<string, unknown>, after: Record<string, unknown>];

const ALLOWED: Case[] = [
  ["nothing", plain, plain],
  ["an optional property more", plain, { ...plain, properties: { ...(plain.properties as object), more: TEXT } }],
  ["other words", plain, { ...plain, title: "Other", description: "other", examples: [{ id: "1" }] }],
  ["a lower limit that went down", withField({ ...TEXT, minLength: 2 }), withField({ ...TEXT, minLength: 1 })],
  ["an upper limit that went up", withField({ ...TEXT, maxLength: 2 }), withField({ ...TEXT, maxLength: 3 })],
  ["a limit that was lifted", withField({ ...TEXT, maxLength: 2 }), withField(TEXT)],
  [
    "a value more in a list that may grow",
    withField({ enum: ["a"], "x-open-enum": true }),
    withField({ enum: ["a", "b"], "x-open-enum": true }),
  ],
  ["a list that may grow from now on", withField({ enum: ["a"] }), withField({ enum: ["a"], "x-open-enum": true })],
  ["values in another order", withField({ enum: ["a", "b"] }), withField({ enum: ["b", "a"] })],
  ["required names in another order", { ...plain, required: ["id", "field"] }, { ...plain, required: ["field", "id"] }],
  ["properties in another order", plain, { ...plain, properties: { field: TEXT, id: { type: "string" } } }],
  [
    "somebody more who reads it",
    { ...plain, "x-event": { key: "id", consumed_by: [] } },
    { ...plain, "x-event": { key: "id", consumed_by: ["tools"] } },
  ],
  [
    "saying that anything is allowed",
    withField({ type: "object" }),
    withField({ type: "object", additionalProperties: true }),
  ],
];

const REFUSED: [...Case, path: string, rule: BreakRule][] = [
  ["a property removed", plain, { ...plain, properties: withoutField }, "/field", "property-removed"],
  [
    "a property renamed",
    plain,
    { ...plain, properties: { ...withoutField, renamed: TEXT } },
    "/field",
    "property-removed",
  ],
  [
    "a required property removed",
    plain,
    { ...plain, properties: { field: TEXT }, required: [] },
    "/id",
    "property-removed",
  ],
  [
    "a required property more",
    plain,
    { ...plain, properties: { ...(plain.properties as object), more: TEXT }, required: ["id", "more"] },
    "/more",
    "required-added",
  ],
  ["a property required from now on", plain, { ...plain, required: ["id", "field"] }, "/field", "required-added"],
  ["a property required no longer", plain, { ...plain, required: [] }, "/id", "required-removed"],
  [
    "a property described in an open object",
    withField({ type: "object" }),
    withField({ type: "object", properties: { in: TEXT } }),
    "/field/in",
    "property-over-open",
  ],
  ["another type", plain, withField({ type: "integer" }, { required: ["id"] }), "/field", "type-changed"],
  ["a type fewer", withField({ type: ["string", "null"] }), withField(TEXT), "/field", "type-changed"],
  ["a type more", withField(TEXT), withField({ type: ["string", "null"] }), "/field", "type-changed"],
  ["a type where there was none", withField({}), withField(TEXT), "/field", "type-changed"],
  ["a value fewer", withField({ enum: ["a", "b"] }), withField({ enum: ["a"] }), "/field", "enum-narrowed"],
  ["a list where there was none", withField({}), withField({ enum: ["a"] }), "/field", "enum-narrowed"],
  ["a value more", withField({ enum: ["a"] }), withField({ enum: ["a", "b"] }), "/field", "enum-widened"],
  ["no list where there was one", withField({ enum: ["a"] }), withField({}), "/field", "enum-widened"],
  [
    "a list that may grow no longer",
    withField({ enum: ["a"], "x-open-enum": true }),
    withField({ enum: ["a"] }),
    "/field",
    "enum-closed",
  ],
  ["another const", withField({ const: "a" }), withField({ const: "b" }), "/field", "const-changed"],
  ["another format", withField({ format: "uuid" }), withField({ format: "date-time" }), "/field", "format-changed"],
  ["another pattern", withField({ pattern: "^a$" }), withField({ pattern: "^b$" }), "/field", "pattern-changed"],
  ["a lower limit that went up", withField({ minimum: 0 }), withField({ minimum: 1 }), "/field", "limit-narrowed"],
  ["an upper limit that went down", withField({ maxItems: 3 }), withField({ maxItems: 2 }), "/field", "limit-narrowed"],
  ["a limit where there was none", withField({}), withField({ maxLength: 9 }), "/field", "limit-narrowed"],
  [
    "items of another type",
    withField({ items: TEXT }),
    withField({ items: { type: "number" } }),
    "/field/*",
    "type-changed",
  ],
  ["items said where they were not", withField({}), withField({ items: TEXT }), "/field", "items-changed"],
  [
    "an object closed",
    withField({ type: "object" }),
    withField({ type: "object", additionalProperties: false }),
    "/field",
    "additional-changed",
  ],
  ["the event opened", plain, { ...plain, additionalProperties: true }, "/", "additional-changed"],
  [
    "other values of a map",
    withField({ additionalProperties: { type: "number" } }),
    withField({ additionalProperties: TEXT }),
    "/field/*",
    "type-changed",
  ],
  [
    "another key",
    { ...plain, "x-event": { key: "id" } },
    { ...plain, "x-event": { key: "field" } },
    "/",
    "key-changed",
  ],
  ["a keyword that no rule knows", plain, { ...plain, oneOf: [{}] }, "/", "keyword-changed"],
];

describe("findBreaks()", () => {
  it.each(ALLOWED)("allows %s", (_words, before, after) => {
    expect(findBreaks(before, after)).toEqual([]);
  });

  it.each(REFUSED)("refuses %s, by its path and rule", (_words, before, after, path, rule) => {
    expect(findBreaks(before, after)).toEqual([{ path, rule }]);
  });

  it("looks into objects within objects", () => {
    const nested = (cost: object) => withField({ type: "object", properties: { cost }, additionalProperties: false });
    expect(findBreaks(nested(TEXT), nested({ type: "number" }))).toEqual([
      { path: "/field/cost", rule: "type-changed" },
    ]);
  });

  it("tells every break of one change", () => {
    const after = { ...plain, properties: { id: { type: "integer" } } };
    expect(findBreaks(plain, after).map(({ rule }) => rule)).toEqual(["type-changed", "property-removed"]);
  });

  it("has a case for every rule", () => {
    expect(new Set(REFUSED.map(([, , , , rule]) => rule))).toEqual(new Set(Object.keys(BREAK_RULES)));
  });
});
