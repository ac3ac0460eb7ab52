import { expect, test } from "vitest";
import { readRequest } from "./read-request.ts";

const written = (query: string, variables = "", chosen = "") => readRequest({ query, variables, chosen });

test("readRequest() takes the operation that is meant, with its variables", () => {
  const query = "query A { a } subscription B { b } fragment C on D { c }";
  const rest = { query, variables: {} };
  expect(written(query)).toEqual({ request: { ...rest, operationName: "A", isSubscription: false } });
  expect(written(query, " ", "B")).toEqual({ request: { ...rest, operationName: "B", isSubscription: true } });
  expect(written(query, "", "gone")).toMatchObject({ request: { operationName: "A" } });
  expect(written("{ a }", '{ "x": [1] }')).toEqual({
    request: { query: "{ a }", variables: { x: [1] }, operationName: undefined, isSubscription: false },
  });
});

test.each([
  ["{ a", "", "The document cannot be read: Syntax Error: Expected Name, found <EOF>. (line 1)"],
  ["fragment C on D { c }", "", "The document cannot be read: There is no operation in it"],
  ["{ a }", "[1]", "The variables are no object of JSON"],
  ["{ a }", "{", "The variables are no JSON"],
  [
    "{ a }",
    '{ "n": 12345678901234567890 }',
    'The variables are no JSON: the number 12345678901234567890 at "n" cannot be kept exactly; send it as a text',
  ],
])("readRequest() says of %j with %j why it cannot be asked", (query, variables, fault) => {
  expect(written(query, variables)).toEqual({ fault });
});
