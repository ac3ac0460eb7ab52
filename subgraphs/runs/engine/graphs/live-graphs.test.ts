import { graph } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { createLiveGraphs } from "./live-graphs.ts";

const aGraph = (name: string, version: number, node = "only") =>
  graph(name, version, {})
    .node(node, { type: "branch", pure: true, run: () => ({ summary: "" }) })
    .build(() => "");

describe("createLiveGraphs()", () => {
  it("gives new runs what is there now, and open ones the structure they are pinned to", () => {
    const [shipped, first] = [aGraph("assistant", 1), aGraph("refund", 1)];
    const graphs = createLiveGraphs([shipped]);
    graphs.replace([first]);
    expect(graphs.names()).toEqual(["assistant", "refund"]);
    const [again, other] = [aGraph("refund", 1), aGraph("refund", 1, "other")];
    graphs.replace([again]);
    expect(graphs.findPinned(first.pin), "the newer functions of the same structure").toBe(again);
    graphs.replace([other]);
    expect([graphs.find("refund"), graphs.findPinned(first.pin), graphs.findPinned(other.pin)]).toEqual([
      other,
      again,
      other,
    ]);
    graphs.replace([]);
    expect(graphs.list()).toEqual([shipped]);
    expect(graphs.pins().toSorted()).toEqual([shipped.pin, first.pin, other.pin].toSorted());
  });

  it("keeps what it had when two are called the same", () => {
    const graphs = createLiveGraphs([aGraph("assistant", 1)]);
    expect(() => graphs.replace([aGraph("assistant", 1)])).toThrow("two graphs are assistant@1");
    expect(graphs.names()).toEqual(["assistant"]);
  });

  it("lets go of the oldest when there are more than any open run could want", () => {
    const graphs = createLiveGraphs([]);
    for (let version = 1; version <= 300; version += 1) graphs.replace([aGraph("refund", version)]);
    expect(graphs.pins().length).toBe(201);
    expect(graphs.pins()).not.toContain(aGraph("refund", 1).pin);
  });
});
