import { expect, test } from "vitest";
import { pointerParts } from "./json-pointer.ts";

test.each([
  ["", []],
  ["/", [""]],
  ["/a/0/b", ["a", "0", "b"]],
  ["/a~1b/~01", ["a/b", "~1"]],
])("pointerParts() of %j are %j", (pointer, parts) => {
  expect(pointerParts(pointer)).toEqual(parts);
});
