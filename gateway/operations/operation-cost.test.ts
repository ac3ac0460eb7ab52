import { readFileSync } from "node:fs";
import { buildSchema, getIntrospectionQuery, getOperationAST, isObjectType, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../ground/limits.ts";
import { readKeys } from "../upstream/read-keys.ts";
import type { PlannedOperation } from "../upstream/supergraph.ts";
import { checkCost } from "./operation-cost.ts";

const read = (file: string): string => readFileSync(new URL(`../../graphql/${file}`, import.meta.url), "utf8");
const schema = buildSchema(read("schema.graphql"));
const graph = { schema, keys: readKeys(read("supergraph.graphql")) };
const clients = parse(read("operations/operations.graphql"));

function cost(text: string, variables: Record<string, unknown> = {}, limit = 1e12): number {
  return costOf({ text, variables, limit });
}

function costOf({
  text,
  variables,
  limit,
}: {
  text: string;
  variables: Record<string, unknown>;
  limit: number;
}): number {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("the test's document has no operation");
  const planned = { text, document, operation } as unknown as PlannedOperation;
  const { reads, mutations } = checkCost(graph, planned, variables, { ...DEFAULT_LIMITS, cost: limit });
  return reads + mutations;
}

describe("checkCost()", () => {
  it.each([
    ["fields without fields are free", "{ viewer { subject tenant roles } }", 1],
    ["objects count one", "{ viewer { limits { pageSize } } health { status } }", 3],
    ["aliases count each", '{ a: run(id: "1") { id } b: run(id: "2") { id } }', 2],
    ["a page as it is asked for", "{ runs(first: 7) { nodes { id } } }", 8],
    ["a page from the end", "{ runs(last: 7) { nodes { id } } }", 8],
    ["a page nobody asked the size of, as the schema says", "{ runs { nodes { id } } }", 51],
    ["another default", '{ run(id: "1") { steps { nodes { id } } } }', 102],
    ["edges and their nodes", "{ runs(first: 7) { edges { node { id } } pageInfo { endCursor } } }", 16],
    ["pages inside pages", "{ runs(first: 10) { nodes { steps(first: 5) { nodes { id } } } } }", 1 + 10 + 10 + 50],
    ["a size is for the page, not for what is below it", "{ runs(first: 9) { nodes { session { id } } } }", 19],
    ["a limit", '{ runEventsPage(runId: "1", afterSeq: 0, limit: 3) { events { step { id } } } }', 1 + 3 + 3],
    ["a limit nobody gave", '{ runEventsPage(runId: "1", afterSeq: 0) { events { seq } } }', 1_001],
    ["a limit inside an input", '{ recall(input: {query: "a", limit: 3}) { hits { memory { id } } } }', 4_000 + 3 + 3],
    ["its default, and a field that is dear", '{ recall(input: {query: "a"}) { hits { score } } }', 4_008],
    ["lists without pages", "{ tools { name } }", 20],
    [
      "a list that says how many it holds, and what is below each",
      'subscription { runEvents(runId: "1") { ... on RunBatch { events { step { decision { id } } } } } }',
      3_001,
    ],
    [
      "fragments",
      "{ ...A ...A } fragment A on Query { runs(first: 2) { ...B } } fragment B on RunConnection { nodes { id } }",
      6,
    ],
    [
      "types of an interface",
      '{ node(id: "1") { ... on Run { session { id } } ... on Session { runs { nodes { id } } } } }',
      1 + 1 + 51,
    ],
    ["mutations", 'mutation { cancelRun(input: {runId: "1", idempotencyKey: "a"}) { run { id } } }', 11],
    [
      "a size that is null, as the schema's default",
      '{ runEventsPage(runId: "1", afterSeq: 0, limit: null) { events { seq } } }',
      1001,
    ],
    ["a size that is null in an input", '{ recall(input: { query: "a", limit: null }) { hits { score } } }', 4_008],
  ])("%s", (_name, text, expected) => {
    expect(cost(text)).toBe(expected);
  });

  it("tells what mutations weigh, as the schema says or ten, from what is read below them", () => {
    const weighed = buildSchema(`
      type Query { a: Int }
      type Mutation { "Costs as much as 25 objects." dear: Run  cheap: Run }
      type Run { session: Run }`);
    const text =
      "mutation { dear { session { session { __typename } } } a: cheap { __typename } b: cheap { __typename } }";
    const document = parse(text);
    const planned = { document, operation: getOperationAST(document) } as unknown as PlannedOperation;
    expect(checkCost({ schema: weighed, keys: new Map() }, planned, {}, DEFAULT_LIMITS)).toMatchObject({
      reads: 2,
      mutations: 45,
    });
  });

  it("takes what a list holds at most from its description, unless that is said of something else", () => {
    const described = buildSchema(`
      type Query {
        "Oldest first; at most 300."
        many: [Run!]!
        "At most 64 KB of JSON."
        large: [Run]
        "At most 300, 7 when neither is given."
        paged(first: Int, last: Int): [Run]
        "At most 300."
        limited(limit: Int): [Run]
        "At most 300."
        single: Run
      }
      type Run { id: ID }`);
    const reads = (field: string): number => {
      const document = parse(`{ ${field} { id } }`);
      return checkCost(
        { schema: described, keys: new Map() },
        { document, operation: getOperationAST(document) as never },
        {},
        DEFAULT_LIMITS,
      ).reads;
    };
    const fields = ["many", "large", "paged", "paged(last: 3)", "limited", "limited(limit: 5)", "single"];
    expect(fields.map(reads)).toEqual([300, 20, 7, 3, 300, 5, 1]);
  });

  it("leaves the subscription of our own clients well inside the limit, and refuses one that reads a run for each event", () => {
    const document = { ...clients };
    const operation = getOperationAST(document, "RunEvents") as never;
    const variables = { runId: "1", afterSeq: 0 };
    const own = { reads: 1_001, mutations: 0, readsOthers: false };
    expect(checkCost(graph, { document, operation }, variables, DEFAULT_LIMITS)).toEqual(own);
    const greedy =
      'subscription { runEvents(runId: "1") { ... on RunBatch { events { step { decision { run { steps { nodes { id } } } } } } } } }';
    expect(() => cost(greedy, {}, DEFAULT_LIMITS.cost)).toThrow("may cost 105001 objects, more than 10000");
  });

  it.each([
    ["events { seq payload frame { ... on StreamData { data } } }", false],
    ["events { seq } firstSeq", false],
    ["events { step { id } }", true],
    ["events { ... on RunEvent { step { decision { id } } } }", true],
  ])("tells of a subscription whether its events hold all that is selected: %s", (selection, readsOthers) => {
    const document = parse(`subscription { runEvents(runId: "1") { ... on RunBatch { ${selection} } } }`);
    const operation = getOperationAST(document) as never;
    expect(checkCost(graph, { document, operation }, {}, DEFAULT_LIMITS).readsOthers).toBe(readsOthers);
  });

  it("takes sizes from variables, and their defaults", () => {
    expect(cost("query ($n: Int) { runs(first: $n) { nodes { id } } }", { n: 30 })).toBe(31);
    expect(cost("query ($n: Int) { runs(first: $n) { nodes { id } } }")).toBe(51);
    expect(cost("query ($n: Int) { runs(first: $n) { nodes { id } } }", { n: null })).toBe(51);
    const input = { query: "a", limit: 4 };
    expect(cost("query ($i: RecallInput!) { recall(input: $i) { hits { score } } }", { input, i: input })).toBe(4_004);
  });

  it("says the cost, the limit and the field that costs most", () => {
    const page = "runs(first:200){nodes{session{";
    const query = `{${page.repeat(3)}id${"}}}".repeat(3)}}`;
    expect(query.length).toBeLessThan(127);
    expect(() => cost(query, {}, DEFAULT_LIMITS.cost)).toThrow(
      "the operation may cost 16120601 objects, more than 10000; most of them are runs.nodes.session.runs.nodes.session.runs.nodes (8000000); ask for smaller pages or fewer lists inside lists",
    );
  });

  it("allows what our own clients ask, and the introspection that tools send", () => {
    for (const definition of clients.definitions) {
      if (definition.kind !== "OperationDefinition") continue;
      const planned = { document: clients, operation: definition } as unknown as PlannedOperation;
      const variables = { id: "1", first: 100, runId: "1", afterSeq: 0, limit: 1_000, input: { limit: 50 } };
      expect(() => checkCost(graph, planned, variables, DEFAULT_LIMITS)).not.toThrow();
    }
    const introspection = getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, oneOf: true });
    expect(() => cost(introspection)).not.toThrow();
    expect(cost(introspection)).toBeGreaterThan(2_000);
  });

  it("has a limit of its own for introspection", () => {
    expect(cost("{ __schema { types { name } } __typename }")).toBe(1 + Object.keys(schema.getTypeMap()).length);
    const fields = "{ types { fields { args { type { name } } } } }";
    const many = Array.from({ length: 20 }, (_, i) => `a${i}: __schema ${fields}`).join(" ");
    expect(() => cost(`{ ${many} }`)).toThrow("more than 75000");
  });

  it("says of null where none may be that it is the document's fault", () => {
    expect(() => cost('query ($n: ID = "x") { run(id: $n) { id } }', { n: null })).toThrow(
      expect.objectContaining({ extensions: { code: "BAD_INPUT" } }),
    );
  });

  it("refuses introspection that grows with every level", () => {
    const inner = Array.from({ length: 20 }, (_, i) => `a${i}: fields { type { fields { name } } }`).join(" ");
    expect(() => cost(`{ __schema { types { fields { type { ${inner} } } } } }`)).toThrow("__schema.types.fields");
  });

  it("finds the size of every page in the schema's own words", () => {
    const silent = Object.values(schema.getTypeMap()).flatMap((type) =>
      (isObjectType(type) ? Object.values(type.getFields()) : [])
        .filter(({ args }) => args.some(({ name }) => name === "first"))
        .filter(({ description }) => !/\d+ when neither is given/.test(description ?? ""))
        .map(({ name }) => `${type.name}.${name}`),
    );
    expect(silent).toEqual([]);
  });
});
