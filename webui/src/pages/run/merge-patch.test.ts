import { expect, test } from "vitest";
import { toPatch } from "./merge-patch.ts";

const INPUT = { text: "old", list: [1, 2], deep: { a: 1, b: null }, none: null };

test.each([
  ["nothing", INPUT, {}],
  ["the order of fields", { none: null, deep: { b: null, a: 1 }, list: [1, 2], text: "old" }, {}],
  ["a field", { ...INPUT, text: "new" }, { text: "new" }],
  ["a field that is taken out", { text: "old", list: [1, 2], deep: INPUT.deep }, { none: null }],
  ["a list, which is another one as a whole", { ...INPUT, list: [1, null] }, { list: [1, null] }],
  ["a field within another one", { ...INPUT, deep: { b: null, a: 2, c: { d: 3 } } }, { deep: { a: 2, c: { d: 3 } } }],
  ["what was of another kind", { ...INPUT, text: { is: "new" } }, { text: { is: "new" } }],
])("toPatch() tells of %s", (_what, after, patch) => {
  expect(toPatch(INPUT, JSON.stringify(after))).toEqual({ patch });
});

test.each([
  ["{", /JSON/],
  ["[]", /an input is an object/],
  ['{"text":null}', /"text" cannot become null/],
  ['{"deep":{"a":1,"b":null,"c":{"d":null}}}', /"c.d" cannot become null/],
  ['{"text":12345678901234567890}', /cannot be kept exactly/],
])("toPatch() says why %s is no input", (written, fault) => {
  expect(toPatch(INPUT, written)).toEqual({ fault: expect.stringMatching(fault) });
});

test("toPatch() of an input that is no object begins with nothing", () => {
  expect(toPatch(null, '{"text":"new"}')).toEqual({ patch: { text: "new" } });
});
