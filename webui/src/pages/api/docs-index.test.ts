import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { describeType, rootsOf, searchSchema } from "./docs-index.ts";

const schema = buildSchema(`
  "All there is." type Query { "One run." run(id: ID!, deep: Deep): Run, old: [Int!]! @deprecated(reason: "use run") }
  type Mutation { stop: Boolean }
  interface Node { id: ID! } type Run implements Node { id: ID!, status: Status } union Any = Run
  enum Status { "On its way." RUNNING DONE @deprecated(reason: "no more") } input Deep { runs: Int } scalar Date
`);

test("describeType() tells the fields of a type, their arguments, and where each leads", () => {
  expect(describeType(schema, "Query")).toMatchObject({
    ...{ kind: "type", description: "All there is.", related: [] },
    lines: [
      {
        ...{ name: "run", type: "Run", leadsTo: "Run", description: "One run.", deprecated: "" },
        args: [
          { name: "id", type: "ID!", leadsTo: "ID" },
          { name: "deep", type: "Deep", leadsTo: "Deep" },
        ],
      },
      { name: "old", type: "[Int!]!", leadsTo: "Int", deprecated: "use run" },
    ],
  });
  expect(describeType(schema, "Status")?.lines).toMatchObject([
    { name: "RUNNING", type: "", leadsTo: undefined, description: "On its way." },
    { name: "DONE", deprecated: "no more" },
  ]);
  const told = ["Run", "Node", "Any", "Deep", "Date", "Status"].map((name) => describeType(schema, name));
  expect(told.map((type) => [type?.kind, type?.related, type?.lines.length])).toEqual([
    ["type", ["Node"], 2],
    ["interface", ["Run"], 1],
    ["union", ["Run"], 0],
    ["input", [], 1],
    ["scalar", [], 0],
    ["enum", [], 2],
  ]);
  expect(describeType(schema, "Gone")).toBeUndefined();
  expect(rootsOf(schema)).toEqual(["Query", "Mutation"]);
});

test("searchSchema() finds types and fields by a part of their names, types first", () => {
  expect(searchSchema(schema, " RUN ").map(({ words, type }) => `${words} ${type}`)).toEqual([
    "Run Run",
    "Query.run Query",
    "Deep.runs Deep",
  ]);
  expect([searchSchema(schema, " "), searchSchema(schema, "__")]).toEqual([[], []]);
});
