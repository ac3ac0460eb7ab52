import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { readExamples } from "./examples.ts";
import { sampleVariables } from "./sample-variables.ts";

const schema = buildSchema(readFileSync(join(import.meta.dirname, "../../../../graphql/schema.graphql"), "utf8"));

test("readExamples() has the operations of our clients, each whole by itself and as the schema has it", () => {
  const examples = readExamples();
  expect(examples.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["RunsPage", "StartRun", "RunEvents", "Agents"]),
  );
  expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(["query", "mutation", "subscription"]));
  for (const { name, text } of examples) expect([name, validate(schema, parse(text))]).toEqual([name, []]);
});

test("readExamples() sorts by kind and name, and takes each fragment once", () => {
  const sources = [
    "mutation M { m } query B { ...F ...G } fragment F on Q { ...G ...F } fragment G on Q { g }",
    "{ a } subscription S { ...Gone }",
  ];
  const examples = readExamples(sources);
  expect(examples.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "query ",
    "query B",
    "mutation M",
    "subscription S",
  ]);
  expect(examples[1]?.text.match(/^fragment \w/gm)).toEqual(["fragment F", "fragment G"]);
});

test("sampleVariables() has what a document cannot do without, to be filled in", () => {
  const sampleOf = (text: string) => JSON.parse(sampleVariables(text, schema)) as unknown;
  expect(sampleOf("query ($id: ID!, $first: Int, $at: Int! = 3, $ids: [ID!]!) { a }")).toEqual({ id: "", ids: [] });
  expect(sampleOf("mutation ($input: StartRunInput!) { a }")).toEqual({
    input: { graph: "", input: { text: "" }, idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) },
  });
  expect(sampleOf("query ($status: StepStatus!, $n: Int!, $x: Nothing!) { a }")).toEqual({
    status: "RUNNING",
    n: 0,
    x: "",
  });
  expect(sampleVariables("mutation ($input: StartRunInput!) { a }", undefined)).toBe('{\n  "input": ""\n}');
  expect(sampleVariables("fragment F on Q { a }", schema)).toBe("{}");
  const deep = buildSchema(
    "type Query { a: Int } input In { in: In2! } input In2 { in: In3! } input In3 { in: In4! } input In4 { in: In5! } input In5 { x: Int! }",
  );
  expect(JSON.parse(sampleVariables("query ($in: In!) { a }", deep))).toEqual({
    in: { in: { in: { in: { in: {} } } } },
  });
});
