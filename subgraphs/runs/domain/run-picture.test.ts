import { map, parallel, subgraph } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { aHistory } from "../testing/events.ts";
import { drawRun } from "./run-picture.ts";
import { toSteps } from "./steps.ts";

const step = { type: "tool", run: () => ({ summary: "" }) };
const leaf = graph("leaf", 1, { item: replaced("") })
  .node("fetch", step)
  .build(() => "");
const fan = graph("fan", 1, {})
  .node("end", step)
  .node(
    "each",
    map({ over: () => ["a", "b"], graph: leaf, start: (item) => ({ item }), join: () => ({ summary: "" }) }),
  )
  .node("both", parallel({ branches: { left: { graph: leaf } }, join: () => ({ summary: "" }) }))
  .when("end", ["each", "both"], () => "each")
  .build(() => "");

/** A node named as its kind, and a graph within a graph within it. */
const plain = graph("plain", 1, {})
  .node("tool", step)
  .edge("tool", "sub")
  .node("sub", subgraph({ graph: leaf, join: () => ({ summary: "" }) }))
  .build(() => "");
const nested = graph("nested", 1, {})
  .node("each", map({ over: () => [1], graph: plain, start: () => ({}), join: () => ({ summary: "" }) }))
  .build(() => "");

describe("drawRun()", () => {
  const events = aHistory(
    { kind: "STEP_SUCCEEDED", step: 1, node: "end" },
    { kind: "STEP_STARTED", step: 2, node: "each" },
    { kind: "STEP_SUCCEEDED", step: 3, node: "each[0]/fetch" },
    { kind: "STEP_FAILED", step: 4, node: "each[1]/fetch" },
    { kind: "STEP_SUCCEEDED", step: 5, node: "both[left]/fetch" },
    { kind: "STEP_SUCCEEDED", step: 6, node: "gone" },
  );
  const { nodes, edges, mermaid } = drawRun(fan, toSteps(events));

  it("has each node where it stands, and the loudest of how its steps came out", () => {
    expect(nodes.map(({ id, within, status, steps }) => [id, within, status, steps])).toEqual([
      ["end", null, "SUCCEEDED", 1],
      ["each", null, "RUNNING", 1],
      ["each[*]/fetch", "each", "FAILED", 2],
      ["both", null, null, 0],
      ["both[left]/fetch", "both", "SUCCEEDED", 1],
    ]);
    expect(edges).toEqual([
      { from: "end", to: "each", chosen: true },
      { from: "end", to: "both", chosen: true },
    ]);
  });

  it("is a Mermaid flowchart, whose words no node can be taken for", () => {
    expect(mermaid.split("\n").slice(0, 11)).toEqual([
      "flowchart TD",
      '  n_end["end (tool)"]',
      '  subgraph n_each["each (map)"]',
      '    n_each_fetch["fetch (tool) × 2"]',
      "  end",
      '  subgraph n_both["both (parallel)"]',
      '    n_both_left__fetch["fetch (tool)"]',
      "  end",
      "  n_end -.-> n_each",
      "  n_end -.-> n_both",
      "  classDef running stroke-width:3px",
    ]);
    expect(mermaid).toContain("  class n_each_fetch failed\n");
  });

  it("finds steps of graphs within graphs, of which the loudest stays", () => {
    const steps = toSteps(
      aHistory(
        { kind: "STEP_FAILED", step: 1, node: "each[0]/sub/fetch" },
        { kind: "STEP_SUCCEEDED", step: 2, node: "each[1]/sub/fetch" },
      ),
    );
    const drawn = drawRun(nested, steps);
    expect(drawn.nodes.find(({ id }) => id === "each[*]/sub/fetch")).toMatchObject({ status: "FAILED", steps: 2 });
    expect(drawn.mermaid).toContain('n_each_tool["tool"]');
    expect(drawn.mermaid).toContain("  n_each_tool --> n_each_sub\n");
  });
});
