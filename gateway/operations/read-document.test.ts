import { GraphQLError } from "graphql";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { readDocument } from "./read-document.ts";

const read = (query: string) => readDocument(query, DEFAULT_LIMITS);

/** `{ a(x: [[...]]) }`: the brackets of the field and of the selection count too. */
function nested(levels: number, open: string, close: string): string {
  return `{ a(x: ${open.repeat(levels - 2)}${close.repeat(levels - 2)}) }`;
}

describe("readDocument()", () => {
  it("allows tokens at their limit and refuses one more", () => {
    expect(() => read(`{ ${"a ".repeat(1_998)}}`)).not.toThrow();
    expect(() => read(`{ ${"a ".repeat(1_999)}}`)).toThrow("more than 2000 tokens");
  });

  it.each([
    ["lists", nested(64, "[", "]"), nested(65, "[", "]")],
    ["selections", `${"{ a ".repeat(64)}${"}".repeat(64)}`, `${"{ a ".repeat(65)}${"}".repeat(65)}`],
    [
      "types",
      `query ($v: ${"[".repeat(63)}I${"]".repeat(63)}) { a }`,
      `query ($v: ${"[".repeat(64)}I${"]".repeat(64)}) { a }`,
    ],
  ])("allows %s inside one another at their limit and refuses one more", (_name, allowed, refused) => {
    expect(() => read(allowed)).not.toThrow();
    expect(() => read(refused)).toThrow("more than 64 brackets inside one another");
  });

  it.each(["{ a", "{ a } }", "\u0000", '{ a(x: "', "1.e", "[".repeat(60_000)])("refuses %j as BAD_INPUT", (query) => {
    expect(() => read(query)).toThrow(GraphQLError);
    expect(() => read(query)).toThrow(expect.objectContaining({ extensions: { code: "BAD_INPUT" } }));
  });
});
