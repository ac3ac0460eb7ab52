import { readFile } from "node:fs/promises";
import { buildSchema, findBreakingChanges, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { findForeignFaults } from "./testing/find-foreign-faults.ts";
import { findShapeFaults } from "./testing/find-shape-faults.ts";
import { lintSchema, readLinterOptions } from "./testing/lint-schema.ts";

const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");
const current = await read("schema.graphql");
const landed = await read("landed.graphql");

/** Lists that are no connections, and what keeps each of them short. */
const BOUNDED_LISTS = {
  "Health.components": "what the engine needs, a value of HealthComponentName each",
  "Run.children": "100 runs",
  "Run.forks": "20 runs",
  "Run.holds": "100 holds",
  "StepPrompt.messages": "what fits into the window of a model; 64000 characters of it, and 200 of each further text",
  "StepPrompt.tools": "tools of the catalog",
  "PromptMessage.calls": "64 calls of an answer",
  "EraseRunPayload.forks": "100 runs",
  "Forgotten.runs": "its limit, 1000 at most",
  "Run.pendingApprovals": "20 questions",
  "RunPicture.nodes": "the nodes of the graph",
  "RunPicture.edges": "the ways of the graph",
  "Query.modelProfiles": "the profiles of conf/models.yaml",
  "ModelProfile.fallbacks": "5 profiles",
  "ModelProfile.defaultOf": "the product, roles of conf/roles.yaml, and one tenant",
  "StepModel.passedOver": "the fallbacks of a profile, each asked 5 times at most",
  "TestModelPayload.checks": "a value of ModelCheckKind each",
  "Query.schedules": "100 of a tenant",
  "Query.budgets": "limits of conf/budgets.yaml for one tenant",
  "FirstMinutes.demoRuns": "a value of DemoRunKind each",
  "WorkerDeath.runs": "20 runs",
  "Query.graphs": "the agents of this installation and of its project",
  "Project.faults": "100 faults",
  "Query.tools": "the tools of this installation",
  "RecallResult.hits": "RecallInput.limit, 50 at most",
  "AuditMemoriesPayload.missing": "AuditMemoriesInput.limit, 100 at most",
  "Session.earlierRuns": "50 runs",
  "RollbackPayload.effects": "steps of one run, whose number is limited",
  "ForkPlan.effects": "steps of one run, whose number is limited",
  "RollbackEffect.choices": "3 values of an enum",
  "Run.stateDiff": "1000 places",
  "RunBatch.events": "1000 events",
  "Query.auditSeals": "its limit, 200 at most",
  "Query.sealedEvents": "its limit, 200 at most",
  "AuditProof.path": "10 hashes: a seal covers 1000 events at most",
  "Outbox.letters": "its limit, 100 at most",
  "Outbox.decisions": "100 decisions",
  "Viewer.roles": "roles of conf/roles.yaml",
};

/** The service that each entity comes from; the others add fields to it. */
const HOMES = {
  AuditEvent: "POLICY",
  Decision: "POLICY",
  Invocation: "TOOLS",
  Memory: "MEMORY",
  Run: "RUNS",
  Session: "RUNS",
  Step: "RUNS",
  Tool: "TOOLS",
};

/** What a change from one schema to another breaks. */
function breaking(before: string, after: string): string[] {
  return findBreakingChanges(buildSchema(before), buildSchema(after)).map((change) => change.description);
}

describe("the schema", () => {
  it("passes graphql-schema-linter", async () => {
    expect(await lintSchema(current)).toEqual([]);
  });

  it("keeps our own rules: mutations, lists, deprecations", () => {
    expect(findShapeFaults(buildSchema(current), BOUNDED_LISTS)).toEqual([]);
  });

  it("names no bounded list that is not there", () => {
    const schema = buildSchema(current);
    const lists = findShapeFaults(schema, {}).map((fault) => fault.split(" ")[0]);
    expect(lists.toSorted()).toEqual(Object.keys(BOUNDED_LISTS).toSorted());
  });

  it("is nullable where another service answers", async () => {
    expect(findForeignFaults(parse(await read("supergraph.graphql")), HOMES)).toEqual([]);
  });

  it("breaks nothing that has landed", () => {
    expect(breaking(landed, current)).toEqual([]);
  });
});

describe("lintSchema()", () => {
  it("refuses by each of its rules what it should", async () => {
    const broken = `
      type Query { a(first: Int): ThingConnection  b_c: lower  d: E @deprecated  "lower" f: String  g(i: I): String }
      "Things." type ThingConnection { edges: String }
      "Lower." type lower { id: ID }
      "Values." enum E { low HIGH }
      "Input." input I { not_camel: ID }
      type Undescribed { id: ID }`;
    const rules = (await lintSchema(broken)).map((line) => line.split(",")[0]);
    expect([...new Set(rules)].toSorted()).toEqual((await readLinterOptions()).rules.toSorted());
  });
});

describe("findShapeFaults()", () => {
  const faults = (sdl: string) => findShapeFaults(buildSchema(sdl), {});
  const mutation = (field: string) =>
    faults(`type Query { "Q." q: ID } type Payload { id: ID } type DoPayload { id: ID }
      input DoInput { idempotencyKey: String! } input BareInput { id: ID } input Odd { idempotencyKey: String! }
      type Mutation { "M." ${field} }`);

  it("refuses a mutation that does not take one input with a key and give a payload", () => {
    expect(mutation("do(input: DoInput!): DoPayload!")).toEqual([]);
    for (const [field, fault] of [
      ["do: DoPayload!", "exactly one argument, input"],
      ["do(input: DoInput!, id: ID): DoPayload!", "exactly one argument, input"],
      ["do(input: DoInput): DoPayload!", "not null"],
      ["do(in: DoInput!): DoPayload!", "exactly one argument, input"],
      ["do(input: ID!): DoPayload!", "ends in Input; it takes ID"],
      ["do(input: Odd!): DoPayload!", "ends in Input; it takes Odd"],
      ["do(input: BareInput!): DoPayload!", "BareInput of Mutation.do must have idempotencyKey"],
      ["do(input: DoInput!): ID!", "ends in Payload; it gives ID!"],
      ["do(input: DoInput!): [DoPayload!]!", "ends in Payload; it gives [DoPayload!]!"],
    ] as const)
      expect(mutation(field), field).toContainEqual(expect.stringContaining(fault));
  });

  it("refuses a root field without a description, a list that may grow, and a connection without bounds or a way back", () => {
    const connection = "type T { id: ID } type TConnection { edges: [T!]! nodes: [T!]! }";
    expect(faults(`type Query { a: ID "All." b: [ID!]! } ${connection}`)).toEqual([
      "Query.a says nothing about itself",
      "Query.b is a list that may grow; make it a connection, or name what bounds it in graphql/schema.test.ts",
    ]);
    expect(faults(`type Query { "Ts." t(first: Int, after: String): TConnection } ${connection}`)).toEqual([
      expect.stringContaining("Query.t must say its bounds"),
      "Query.t must also take last: Int, before: String",
    ]);
  });

  it("refuses a deprecation that does not say what to use and since when", () => {
    const deprecated = (reason: string) => `@deprecated(reason: "${reason}")`;
    const good = deprecated("use `b`; since 0.2");
    const bad = deprecated("old");
    expect(
      faults(`type Query { "A." a(x: ID ${good}): E ${good} } enum E { A ${good} } input I { x: ID ${good} }`),
    ).toEqual([]);
    const found = faults(`type Query { "A." a(x: ID ${bad}): E ${bad} } enum E { A ${bad} } input I { x: ID ${bad} }`);
    expect(found.map((fault) => fault.split(" ")[0])).toEqual(["Query.a", "Query.a(x)", "E.A", "I.x"]);
  });
});

describe("findForeignFaults()", () => {
  const supergraph = (run: string, memory: string) =>
    parse(`type Run @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
      id: ID!  a: ID! @join__field(graph: A)  ${run} @join__field(graph: B) }
    type Memory @join__type(graph: B, key: "id") { id: ID! ${memory} }`);

  it("refuses a field that costs its neighbours when another service is down", () => {
    const homes = { Run: "A", Memory: "B" };
    expect(findForeignFaults(supergraph("b: ID", "run: Run"), homes)).toEqual([]);
    expect(findForeignFaults(supergraph("b: ID!", "run: Run!"), homes)).toEqual([
      "Run.b is answered by B and Run is of A; make the field nullable",
      "Memory.run is answered by B and gives an object of A; make the field nullable",
    ]);
    expect(
      findForeignFaults(parse("type Query { a: ID! b: ID } type Mutation { c: ID! } type Subscription { d: ID! }"), {}),
    ).toEqual([
      "Query.a would take what stands beside it in a request along; make the field nullable",
      "Mutation.c would take what stands beside it in a request along; make the field nullable",
    ]);
    expect(findForeignFaults(supergraph("b: ID", "run: Run"), { Run: "A" })).toEqual([
      "Memory is an entity; say in graphql/schema.test.ts where it comes from",
    ]);
  });
});

describe("the check for breaking changes", () => {
  const before = "type Query { a(x: ID): String! b: ID e: E } enum E { A }";

  it("catches a removed field, a type that promises less, and a new required argument", () => {
    expect(breaking(before, "type Query { a(x: ID): String! e: E } enum E { A }")).toEqual(["Query.b was removed."]);
    expect(breaking(before, "type Query { a(x: ID): String b: ID e: E } enum E { A }")).toEqual([
      "Query.a changed type from String! to String.",
    ]);
    expect(breaking(before, "type Query { a(x: ID, y: ID!): String! b: ID e: E } enum E { A }")).toEqual([
      "A required arg y on Query.a was added.",
    ]);
  });

  it("lets a schema grow", () => {
    const grown = "type Query { a(x: ID, y: ID): String! b: ID! c: ID e: E } enum E { A B }";
    expect(breaking(before, grown)).toEqual([]);
  });
});
