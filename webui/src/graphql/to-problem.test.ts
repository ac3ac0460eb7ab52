import { GraphQLError } from "graphql";
import { CombinedError } from "urql";
import { expect, test } from "vitest";
import { problemOf, toProblem } from "./to-problem.ts";

test("toProblem() of no error is none; one of the network may pass, and one of the server when it says so", () => {
  expect(toProblem(undefined)).toBeUndefined();
  expect(toProblem(new CombinedError({ networkError: new TypeError("fetch failed") }))).toMatchObject({
    message: "The server could not be reached: fetch failed",
    retryable: true,
  });
  const extensions = { code: "FORBIDDEN", traceId: "t1" };
  const refused = new CombinedError({ graphQLErrors: [new GraphQLError("no", { extensions })] });
  expect(toProblem(refused)).toEqual({ message: "no", code: "FORBIDDEN", traceId: "t1", retryable: false });
});

test("problemOf() has the words of whatever was thrown", () => {
  expect([problemOf(new Error("a")).message, problemOf("b").message]).toEqual(["a", "b"]);
  expect(problemOf(new CombinedError({ networkError: new TypeError("c") })).message).toContain("reached: c");
});
