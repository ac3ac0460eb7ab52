import { expect, it } from "vitest";
import assistant from "./assistant/graph.ts";
import { discoverGraphs } from "./discover-graphs.ts";

it("discoverGraphs() finds the graph of each folder", async () => {
  const graphs = await discoverGraphs();
  expect(graphs).toContain(assistant);
  expect(new Set(graphs.map((graph) => graph.pin)).size).toBe(graphs.length);
});
