import { expect, test } from "vitest";
import { aroundWords } from "./picture.ts";

test("aroundWords() says what a node is within, and whether all that leads on is taken or one of it", () => {
  const node = (id: string, within: string | null = null) => ({ id, name: `the ${id}`, type: "t", within });
  const edge = (from: string, to: string, chosen = false) => ({ from, to, chosen });
  const nodes = [node("ask"), node("each"), node("look", "each"), node("end")];
  const edges = [edge("ask", "each", true), edge("ask", "end", true), edge("each", "end"), edge("each", "gone")];
  expect(nodes.map((each) => aroundWords(each, nodes, edges))).toEqual([
    ", leads to the each or the end",
    ", leads to the end and gone",
    ", within each",
    "",
  ]);
});
