import { describe, expect, it } from "vitest";
import { readOutput } from "./json-output.ts";

const order = { type: "object", properties: { id: { type: "string" } }, additionalProperties: false };
const read = (text: string, schema: object = order) => readOutput(text, { name: "order", schema });
const GOOD = '{"id":"A-1"}';
const MANY = 500_000;

describe("readOutput()", () => {
  it.each([
    GOOD,
    ` \ufeff\n${GOOD}\u00a0`,
    `\`\`\`${GOOD}\`\`\``,
    `\`\`\`json\n${GOOD}\n\`\`\`\n`,
    `\`\`\`JSON5 \n\n${GOOD} \n \`\`\``,
    `\`\`\`json\n{"id":${" ".repeat(MANY)}"A-1"}\n\`\`\``,
  ])("reads JSON with and without a fence: %#", (text) => {
    expect(read(text)).toEqual({ isFit: true, value: { id: "A-1" } });
  });

  // Each of these once took more steps than a process has time for.
  it.each([
    ["```", `\`\`\`${"\n".repeat(MANY)}x`],
    ["a fence that does not end", `\`\`\`json${" ".repeat(MANY)}`],
    ["a long word", `\`\`\`${"a".repeat(MANY)}`],
    ["five backticks", "`````"],
    ["words around it", `Here: \`\`\`json\n${GOOD}\n\`\`\``],
  ])("says at once that it is not JSON: %s", (_name, text) => {
    expect(read(text)).toEqual({ isFit: false, fault: "it is not JSON" });
  });

  it("says that something is nested too deep, when its schema goes as deep", () => {
    const schema = { $ref: "#/$defs/list", $defs: { list: { type: "array", items: { $ref: "#/$defs/list" } } } };
    expect(read("[[],[[]]]", schema)).toMatchObject({ isFit: true });
    expect(read("[".repeat(100_000) + "]".repeat(100_000), schema)).toMatchObject({ isFit: false });
  });

  it("tells a model by name what it added, however much that is, in few words", () => {
    const added = (count: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`more${index}`, 1])));
    expect(read(added(2))).toMatchObject({ fault: expect.stringContaining("(more0, more1)") });
    expect(read(added(20))).toMatchObject({ fault: expect.stringContaining("/more0, /more1") });
    const names = { type: "object", additionalProperties: { type: "string" } };
    const { fault = "" } = read(JSON.stringify({ ["k".repeat(10_000)]: 1 }), names) as { fault?: string };
    expect(fault.length).toBeLessThan(600);
  });
});
