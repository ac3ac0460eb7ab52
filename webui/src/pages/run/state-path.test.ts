import { expect, test } from "vitest";
import { toPlaceWords } from "./state-path.ts";

test.each([
  ["", ""],
  ["/answer", "answer"],
  ["/messages/7/content", "messages[7].content"],
  ["/0/a", "[0].a"],
  ["/a b/c~1d/~01", '["a b"]["c/d"]["~1"]'],
  ["/", '[""]'],
])("toPlaceWords() of %j: %s", (pointer, words) => {
  expect(toPlaceWords(pointer)).toBe(words);
});
