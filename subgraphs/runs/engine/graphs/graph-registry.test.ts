import { graph } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { createGraphRegistry } from "./graph-registry.ts";

/** A graph whose structure, and with it its hash, is that of its one node's name. */
const aGraph = (name: string, version: number, node = "only") =>
  graph(name, version, {})
    .node(node, { type: "branch", pure: true, run: () => ({ summary: "" }) })
    .build(() => "");

describe("createGraphRegistry()", () => {
  it("gives new runs the newest version, and pinned ones theirs", () => {
    const [first, second, third, other] = [aGraph("a", 1), aGraph("a", 3, "x"), aGraph("a", 2, "y"), aGraph("b", 1)];
    const registry = createGraphRegistry([first, second, third, other]);
    expect(registry.find("a")).toBe(second);
    expect(registry.find("c")).toBeUndefined();
    expect(registry.findPinned(third.pin)).toBe(third);
    expect(registry.findPinned(aGraph("a", 2, "other").pin)).toBeUndefined();
    expect(registry.list()).toEqual([second, other]);
    expect(registry.names()).toEqual(["a", "b"]);
    expect(registry.pins()).toEqual([first, second, third, other].map(({ pin }) => pin));
  });

  it("refuses two graphs of one name and version, of the same structure too, and names both", () => {
    const known = aGraph("a", 1);
    for (const twin of [aGraph("a", 1), aGraph("a", 1, "other")])
      expect(() => createGraphRegistry([known, aGraph("b", 1), twin])).toThrow(
        `two graphs are a@1 (${known.pin}, ${twin.pin}); give the newer one another version`,
      );
  });
});
