import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readKeys } from "./read-keys.ts";

describe("readKeys()", () => {
  it("finds the names in keys of every shape, and what fields require", () => {
    const keys = readKeys(`
      type Run @join__type(graph: A, key: "id") @join__type(graph: B, key: "tenant owner { name }") {
        id: ID!
        cost: Int @join__field(graph: B, requires: "weight { grams }")
      }
      type Free @join__type(graph: A) { id: ID! }`);
    expect([...(keys.get("Run") ?? [])]).toEqual(["id", "tenant", "owner", "name", "weight", "grams"]);
    expect(keys.get("Free")).toEqual(new Set());
  });

  it("knows every entity of the product by its id", () => {
    const keys = readKeys(readFileSync(new URL("../../graphql/supergraph.graphql", import.meta.url), "utf8"));
    for (const type of ["Run", "Session", "Step", "Memory", "Decision", "Invocation"])
      expect([type, keys.get(type)?.has("id")]).toEqual([type, true]);
  });
});
