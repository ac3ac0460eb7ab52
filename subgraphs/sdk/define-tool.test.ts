import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { defineTool, ToolError, type ToolSpec } from "./define-tool.ts";

const input = Type.Object({ name: Type.String({ minLength: 1 }) }, { additionalProperties: false });
const greet = {
  name: "greet",
  version: "1",
  description: "Greets a person by name.",
  input,
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  run: ({ name }) => `hello ${name}`,
} satisfies ToolSpec<typeof input>;

describe("defineTool()", () => {
  it("gives the facts as they were told, and a schema of plain JSON; nobody changes them afterwards", () => {
    const tool = defineTool(greet);
    expect(tool).toMatchObject({ name: "greet", version: "1", timeoutMs: 1_000, maxOutputBytes: 1_024 });
    expect(tool.inputSchema).toStrictEqual({
      type: "object",
      required: ["name"],
      properties: { name: { type: "string", minLength: 1 } },
      additionalProperties: false,
    });
    expect(Reflect.ownKeys(tool.inputSchema), "with nothing of typebox left in it").toEqual(
      Object.keys(tool.inputSchema),
    );
    expect(Reflect.ownKeys(tool.inputSchema.properties as object)).toEqual(["name"]);
    expect(() => Object.assign(tool, { risk: "high" })).toThrow(TypeError);
  });

  it("refuses a name that models and policies could not call", () => {
    for (const name of ["", "Greet", "greet-me", "1greet", "greet me", "a".repeat(65), "greet\n"])
      expect(() => defineTool({ ...greet, name }), JSON.stringify(name)).toThrow(
        `tool name "${name}" is not snake_case`,
      );
    expect(() => defineTool({ ...greet, name: "a".repeat(64) })).not.toThrow();
  });

  it("refuses a tool without a version, and one for a child process that does not say where it lies", () => {
    expect(() => defineTool({ ...greet, version: "" })).toThrow("tool greet has no version");
    for (const isolation of ["process", "bubblewrap", "gvisor"] as const)
      expect(() => defineTool({ ...greet, isolation })).toThrow("tool greet runs in a child process");
  });

  it("refuses limits that a timer or a counter could not hold, and names the value", () => {
    const table = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31];
    for (const limit of ["timeoutMs", "maxOutputBytes"] as const) {
      for (const value of table)
        expect(() => defineTool({ ...greet, [limit]: value })).toThrow(
          `tool greet: ${limit} is ${value}; it must be a whole number from 1 to 2147483647`,
        );
      for (const value of [1, 2 ** 31 - 1]) expect(() => defineTool({ ...greet, [limit]: value })).not.toThrow();
    }
  });
});

describe("ToolError", () => {
  it("has a type that the caller may read, and keeps its cause", () => {
    const cause = new Error("why");
    expect(new ToolError("bad_order", "there is no such order", { cause })).toMatchObject({
      ...{ name: "ToolError", type: "bad_order", message: "there is no such order", cause },
    });
  });
});
