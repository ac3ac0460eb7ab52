import { type DocumentNode, getIntrospectionQuery, getOperationAST, parse, visit } from "graphql";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type GatewayLimits } from "../ground/limits.ts";
import { checkDocumentLimits } from "./document-limits.ts";

const ROOTS: Partial<GatewayLimits> = { rootFields: 1_000 };

function check(text: string, limits: Partial<GatewayLimits> = {}): void {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("the test's document has no operation");
  checkDocumentLimits(document, operation, { ...DEFAULT_LIMITS, ...limits });
}

/** How often the selection set that is looked into most often has been looked into. */
function countOpened(document: DocumentNode): { most: number } {
  const opened = { most: 0 };
  visit(document, {
    SelectionSet: {
      leave(node) {
        const { selections } = node;
        let times = 0;
        Object.defineProperty(node, "selections", {
          get() {
            times += 1;
            opened.most = Math.max(opened.most, times);
            return selections;
          },
        });
      },
    },
  });
  return opened;
}

/** Fragments A, B, ... each of which spreads the next one twice; the last one has the body. */
function doubling(levels: number, body: string): string {
  const name = (level: number): string => String.fromCharCode(65 + level);
  return many(levels + 1, (level) => {
    const next = `...${name(level + 1)}`;
    return `fragment ${name(level)} on T { ${level === levels ? body : `${next} ${next}`} }`;
  });
}

function list(levels: number): string {
  return `${"[".repeat(levels)}1${"]".repeat(levels)}`;
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
    [
      "selections once fragments are opened",
      `{ ...A } ${doubling(7, "x __typename")}`,
      `{ ...A y } ${doubling(7, "x __typename")}`,
      "511",
      { ...ROOTS, selections: 511, fieldPairs: 1e9 },
    ],
    [
      "selections of fragments that nothing spreads",
      `{ a } ${doubling(4, "x")}`,
      `{ a b } ${doubling(4, "x")}`,
      "47",
      { selections: 47 },
    ],
    [
      "selections of all fragments, each opened by itself",
      `{ ...F0 } ${many(60, (i) => `fragment F${i} on Q { ...F${i + 1} }`)} fragment F60 on Q { a }`,
      `{ ...F0 } ${many(60, (i) => `fragment F${i} on Q { ...F${i + 1} }`)} fragment F60 on Q { a b }`,
      "1891",
      { fragmentSelections: 1_891 },
    ],
    [
      "directives",
      `{ ${many(30, () => "a @include(if: true)")} }`,
      `{ ${many(31, () => "a @skip(if: true)")} }`,
      "30",
      ROOTS,
    ],
    [
      "directives in fragments",
      `{ r { ...F } s { ...F } } fragment F on T { ${many(15, () => "a @include(if: true)")} }`,
      `{ r { ...F } s { ...F @skip(if: true) } } fragment F on T { ${many(15, () => "a @include(if: true)")} }`,
      "30",
    ],
    ["fields of one name", `{ r { ${many(100, () => "a")} } }`, `{ r { ${many(101, () => "a")} } }`, "5000"],
    [
      "fields of one name below one another",
      `{ ${many(70, () => "a { b }")} }`,
      `{ ${many(71, () => "a { b }")} }`,
      "4900",
      { ...ROOTS, fieldPairs: 4_900 },
    ],
    ["literals", `{ a(x: [${many(999, () => "1")}]) }`, `{ a(x: [${many(1_000, () => "1")}]) }`, "2000"],
    ["literals in lists of lists", `{ a(x: ${list(9)}) }`, `{ a(x: ${list(10)}) }`, "2000"],
    ["literals in a default", `query ($v: J = ${list(9)}) { a }`, `query ($v: J = ${list(10)}) { a }`, "2000"],
    ["literals in a directive", `{ a @b(x: ${list(9)}) }`, `{ a @b(x: ${list(10)}) }`, "2000"],
    ["mutations", `mutation { ${many(5, (i) => `f${i}`)} }`, `mutation { ${many(6, (i) => `f${i}`)} }`, "5"],
    ["root fields", `{ ${many(20, (i) => `f${i}`)} }`, `{ ${many(21, (i) => `f${i}`)} }`, "20"],
    [
      "root fields in fragments",
      `{ ...F } fragment F on Q { ${many(20, (i) => `f${i}`)} }`,
      `{ g ...F } fragment F on Q { ${many(20, (i) => `f${i}`)} }`,
      "20",
    ],
  ] as [string, string, string, string, Partial<GatewayLimits>?][])(
    "allows %s and refuses one more",
    (_name, allowed, refused, limit, limits) => {
      expect(() => check(allowed, limits)).not.toThrow();
      expect(() => check(refused, limits)).toThrow(`at most ${limit} are allowed`);
    },
  );

  it("refuses literals that nest deeper than variables may", () => {
    const objects = (levels: number): string => `{ a(x: ${"{a: ".repeat(levels)}1${"}".repeat(levels)}) }`;
    expect(() => check(objects(32))).not.toThrow();
    expect(() => check(objects(33))).toThrow("nest too deep; send them as variables");
  });

  it("measures the chosen operation only, except for aliases", () => {
    const document = parse(`query A { a } query B ${nested(13)}`);
    const [a, b] = [getOperationAST(document, "A"), getOperationAST(document, "B")];
    if (!a || !b) throw new Error("the test's document has no operations");
    expect(() => checkDocumentLimits(document, a, DEFAULT_LIMITS)).not.toThrow();
    expect(() => checkDocumentLimits(document, b, DEFAULT_LIMITS)).toThrow("13 levels");
  });

  it("refuses fragments that contain themselves, and leaves those that do not exist to validation", () => {
    expect(() => check("{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { ...F }")).toThrow("itself");
    expect(() => check("{ ...F } fragment F on Q { ...F a }")).toThrow('Cannot spread fragment "F" within itself');
    expect(() => check("{ a } fragment F on Q { ...F a }")).toThrow("within itself");
    expect(() => check("{ a { ...Missing } ...Missing }")).not.toThrow();
  });

  it("counts fragments of one name each, although only the last can be spread", () => {
    expect(() => check(`{ ...F } fragment F on Q { ${many(500, () => "a")} } fragment F on Q { a }`)).toThrow(
      "502 fields",
    );
  });

  it.each([
    ["at the root", `{ ...F0 } ${many(60, (i) => `fragment F${i} on Q { ...F${i + 1} ...F${i + 1} }`)}`],
    [
      "in fields",
      `{ r { ...F0 } } ${many(60, (i) => `fragment F${i} on T { a { ...F${i + 1} } b { ...F${i + 1} } }`)}`,
    ],
    ["that nothing spreads", `{ r } ${many(60, (i) => `fragment F${i} on T { ... { ...F${i + 1} } ...F${i + 1} }`)}`],
  ])("opens each selection three times at most for fragments spread twice each %s", (_name, text) => {
    const document = parse(`${text} fragment F60 on T { x }`);
    const operation = getOperationAST(document);
    if (!operation) throw new Error("the test's document has no operation");
    const opened = countOpened(document);
    expect(() => checkDocumentLimits(document, operation, DEFAULT_LIMITS)).toThrow("once its fragments are opened");
    expect(opened.most).toBeLessThanOrEqual(3);
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
