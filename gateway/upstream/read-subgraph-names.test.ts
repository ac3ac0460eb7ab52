import { describe, expect, it } from "vitest";
import { composeLab } from "../testing/lab-subgraphs.ts";
import { readSubgraphNames } from "./read-subgraph-names.ts";

describe("readSubgraphNames()", () => {
  it("names the subgraphs of a composed supergraph", () => {
    expect(readSubgraphNames(composeLab())).toEqual(["runs", "tools"]);
  });

  it("takes the name the subgraph has, not the one the composition made of it", () => {
    const sdl = 'enum join__Graph { AUDIT_LOG @join__graph(name: "audit-log", url: "http://a") }';
    expect(readSubgraphNames(sdl)).toEqual(["audit-log"]);
  });

  it("names none in a schema that was not composed", () => {
    expect(readSubgraphNames("type Query { x: Int } enum Color { RED }")).toEqual([]);
  });
});
