import type { SomaClient } from "@soma/graphql/client";
import { buildSchema, introspectionFromSchema } from "graphql";
import { expect, test } from "vitest";
import { loadSchema } from "./load-schema.ts";

type Answers = SomaClient["answers"];

const said = (answer: unknown) =>
  loadSchema({
    answers: async function* () {
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) yield answer;
    } as Answers,
  });

test("loadSchema() builds what the server tells", async () => {
  const known = await said({ data: introspectionFromSchema(buildSchema("type Query { a: Int }")) });
  expect(known.state === "known" && known.schema.getQueryType()?.name).toBe("Query");
});

test.each([
  ["introspection is off", { errors: [{ message: "GraphQL introspection has been disabled, but the" }] }, "off"],
  [
    "only known documents are taken",
    { errors: [{ message: "this document is not registered", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] },
    "off",
  ],
  ["it refuses otherwise", { errors: [{ message: "too fast" }] }, "failed"],
  ["it says nothing", undefined, "failed"],
  ["it is away", new Error("it cannot be reached"), "failed"],
])("loadSchema() says so where %s", async (_what, answer, state) => {
  expect(await said(answer)).toMatchObject({ state, why: expect.any(String) });
});
