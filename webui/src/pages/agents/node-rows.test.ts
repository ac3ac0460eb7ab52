import { expect, test } from "vitest";
import { toNodeRows } from "./node-rows.ts";

test("toNodeRows() has what follows each node, and the nodes of graphs within it below it", () => {
  const node = (id: string, within: string | null = null) => ({
    id,
    name: id.split("/").at(-1) ?? "",
    type: "t",
    within,
  });
  const edge = (from: string, to: string, chosen = false) => ({ from, to, chosen });
  const nodes = [node("ask"), node("each"), node("each[*]/look", "each"), node("end")];
  const edges = [edge("ask", "each", true), edge("ask", "end", true), edge("each", "end"), edge("end", "gone")];
  expect(toNodeRows({ nodes, edges })).toEqual([
    { id: "ask", name: "ask", type: "t", next: ["each", "end"], isChosen: true, within: [] },
    {
      ...{ id: "each", name: "each", type: "t", next: ["end"], isChosen: false },
      within: [{ id: "each[*]/look", name: "look", type: "t", next: [], isChosen: false, within: [] }],
    },
    { id: "end", name: "end", type: "t", next: ["gone"], isChosen: false, within: [] },
  ]);
});
