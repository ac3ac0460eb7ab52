import { getIntrospectionQuery, getOperationAST, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { checkDocumentLimits } from "./document-limits.ts";

function check(text: string): void {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("the test's document has no operation");
  checkDocumentLimits(document, operation, DEFAULT_LIMITS);
}

/** `{ a { a { ... } } }` with this many levels. */
function nested(levels: number): string {
  return levels === 1 ? "{ a }" : `{ a ${nested(levels - 1)} }`;
}

function many(count: number, of: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => of(index)).join(" ");
}

describe("checkDocumentLimits()", () => {
  it.each([
    ["depth at its limit", nested(12), nested(13), "12"],
    [
      "depth through fragments",
      `{ a { ...F } } fragment F on T ${nested(11)}`,
      `{ a { ...F } } fragment F on T ${nested(12)}`,
      "12",
    ],
    [
      "depth through inline fragments",
      `{ ... { a { ... on T ${nested(11)} } } }`,
      `{ ... { a { ... on T ${nested(12)} } } }`,
      "12",
    ],
    ["depth of introspection", `{ __schema ${nested(14)} }`, `{ __schema ${nested(15)} }`, "15"],
    ["aliases", `{ r { ${many(30, (i) => `a${i}: x`)} } }`, `{ r { ${many(31, (i) => `a${i}: x`)} } }`, "30"],
    [
      "aliases in fragments",
      `{ r { ...F } } fragment F on T { ${many(30, (i) => `a${i}: x`)} }`,
      `{ b: r { ...F } } fragment F on T { ${many(30, (i) => `a${i}: x`)} }`,
      "30",
    ],
    ["root fields", `{ ${many(20, (i) => `f${i}`)} }`, `{ ${many(21, (i) => `f${i}`)} }`, "20"],
    [
      "root fields in fragments",
      `{ ...F } fragment F on Q { ${many(20, (i) => `f${i}`)} }`,
      `{ g ...F } fragment F on Q { ${many(20, (i) => `f${i}`)} }`,
      "20",
    ],
  ])("allows %s and refuses one more", (_name, allowed, refused, limit) => {
    expect(() => check(allowed)).not.toThrow();
    expect(() => check(refused)).toThrow(`at most ${limit} are allowed`);
  });

  it("measures the chosen operation only, except for aliases", () => {
    const document = parse(`query A { a } query B ${nested(13)}`);
    const [a, b] = [getOperationAST(document, "A"), getOperationAST(document, "B")];
    if (!a || !b) throw new Error("the test's document has no operations");
    expect(() => checkDocumentLimits(document, a, DEFAULT_LIMITS)).not.toThrow();
    expect(() => checkDocumentLimits(document, b, DEFAULT_LIMITS)).toThrow("13 levels");
  });

  it("ends with fragments that contain themselves or do not exist", () => {
    expect(() => check("{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { ...F }")).not.toThrow();
    expect(() => check("{ ...F } fragment F on Q { ...F a }")).not.toThrow();
    expect(() => check("{ a { ...Missing } ...Missing }")).not.toThrow();
  });

  it("takes as long as the document is, not as its fragments unfold", () => {
    const fragments = many(60, (i) => `fragment F${i} on T { a { ...F${i + 1} } b { ...F${i + 1} } }`);
    const started = performance.now();
    expect(() => check(`{ r { ...F0 } } ${fragments} fragment F60 on T { x }`)).toThrow("at most 12");
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("allows the introspection query of graphql itself", () => {
    expect(() =>
      check(
        getIntrospectionQuery({
          descriptions: true,
          schemaDescription: true,
          inputValueDeprecation: true,
          oneOf: true,
        }),
      ),
    ).not.toThrow();
  });
});
