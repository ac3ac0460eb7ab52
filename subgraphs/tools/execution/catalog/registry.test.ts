import { describe, expect, it } from "vitest";
import clock from "../tools/clock.ts";
import { discoverTools, SHIPPED_TOOLS } from "./discover-tools.ts";
import { createRegistry } from "./registry.ts";

const shipped = await discoverTools(SHIPPED_TOOLS, { httpFetchAllow: new Set() });

describe("createRegistry()", () => {
  const registry = createRegistry(shipped.toReversed());

  it("lists tools by name", () => {
    const names = registry.list().map((tool) => tool.name);
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(names.toSorted()).toEqual(names);
  });

  it("shows what an agent's own run carries out, and neither runs it nor lets another tool take its name", () => {
    const names = registry.catalog().map((tool) => tool.name);
    expect(names).toEqual([...registry.list().map((tool) => tool.name), "remember"].toSorted());
    expect(registry.describe("remember")).toMatchObject({ isolation: "agent", risk: "low" });
    expect(registry.find("remember")).toBeUndefined();
    expect(() => registry.get("remember")).toThrow("remember cannot be invoked: an agent's own run carries it out");
    expect(() => createRegistry([{ ...clock, name: "remember" }])).toThrow("two tools are called remember");
  });

  it("takes tools whose schemas have one name", () => {
    const named = { ...clock.inputSchema, $id: "arguments" };
    const both = createRegistry(["one", "two"].map((name) => ({ ...clock, name, inputSchema: named })));
    expect(both.list().map(({ name }) => name)).toEqual(["one", "two"]);
    expect(() => both.checkArgs("two", {})).not.toThrow();
  });

  it("names the tools there are when one is not", () => {
    expect(() => registry.get("toString")).toThrow('there is no tool "toString"; tools: calculate, clock,');
  });

  it("takes arguments that fit and says where others do not", () => {
    const table: [string, unknown, string | undefined][] = [
      ["clock", {}, undefined],
      ["clock", { timezone: "Europe/Berlin" }, undefined],
      ["clock", { zone: "x" }, "additional properties (zone)"],
      ["clock", JSON.parse('{"__proto__": {}}'), "additional properties (__proto__)"],
      ["calculate", {}, "'expression'"],
      ["calculate", { expression: 5 }, "/expression must be string"],
      ["calculate", null, "must be object"],
      ["note_append", { text: "x", file: "../../x.md" }, "/file must match pattern"],
      ["note_append", { text: "x", file: "a.md" }, undefined],
      ["code_run", { code: "1", timeoutMs: 120_001 }, "/timeoutMs must be <= 120000"],
      ["http_fetch", { url: "http://a", method: "POST" }, "/method must be equal to constant"],
    ];
    for (const [tool, args, fault] of table) {
      if (fault === undefined) expect(() => registry.checkArgs(tool, args)).not.toThrow();
      else expect(() => registry.checkArgs(tool, args), `${tool} ${JSON.stringify(args)}`).toThrow(fault);
    }
  });

  it("closes every shipped schema and describes every argument that is not obvious", () => {
    for (const tool of registry.list()) {
      expect(tool.inputSchema.additionalProperties, tool.name).toBe(false);
      expect(tool.description.length, tool.name).toBeGreaterThan(20);
    }
  });

  it("refuses a name that stands twice and a schema that is not one", () => {
    expect(() => createRegistry([clock, clock])).toThrow("two tools are called clock");
    const inputSchema = { type: "object", properties: { a: { type: "text" } } } as const;
    expect(() => createRegistry([{ ...clock, name: "broken", inputSchema }])).toThrow();
  });
});
