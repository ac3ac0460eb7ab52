import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { expect, test } from "vitest";
import { questionOf, titleOf } from "./question-of.ts";

test.each([
  [{ text: " a\n b " }, "a b"],
  [{ text: "" }, "Run of assistant"],
  [ERASED_PAYLOAD, "Erased"],
  [{ other: 1 }, "Run of assistant"],
  ["text", "Run of assistant"],
])("titleOf() a run with the input %j is %j", (input, expected) => {
  expect(titleOf({ graph: "assistant", input })).toBe(expected);
});

test("questionOf() keeps the lines of the question", () => {
  expect(questionOf({ text: "a\nb" })).toBe("a\nb");
});
