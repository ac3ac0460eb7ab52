import { parse } from "graphql";
import { expect, test } from "vitest";
import { copiesOf, somaOf } from "./copy-as.ts";

const COPIES = copiesOf({
  document: "\n  query Q($id: ID!, $first: Int) { node(id: $id) { id } runs(first: $first) { totalCount } }\n",
  variables: { id: 'it\'s "$HOME" `x`' },
  origin: "http://127.0.0.1:4700",
  soma: "npx soma --data '/a b'",
  command: "runs show r --step 5",
});
const textOf = (name: string): string => COPIES.find((copy) => copy.name === name)?.text ?? "";

test("copiesOf() has the document with its values in it, the same by curl, and the command", () => {
  expect(COPIES.map(({ name }) => name)).toEqual(["GraphQL", "curl", "CLI"]);
  expect(textOf("GraphQL")).toMatch(
    /^query Q\(\$id: ID! = "it's \\"\$HOME\\" `x`", \$first: Int\) \{ node\(id: \$id\)/,
  );
  expect(() => parse(textOf("GraphQL"))).not.toThrow();
  expect(textOf("CLI")).toBe("npx soma --data '/a b' runs show r --step 5\n");
});

test("copiesOf() says who asks by a variable of the shell or the command line, and gives the shell nothing else to replace", () => {
  const [head = "", body = ""] = textOf("curl").split("<<'SOMA'\n");
  expect(head).toContain(`"authorization: Bearer \${SOMA_TOKEN:-$(npx soma --data '/a b' token)}"`);
  expect(head.match(/[$`]/g)).toHaveLength(2);
  const [json = "", end] = body.split("\n");
  expect(JSON.parse(json)).toEqual({
    query: "query Q($id: ID!, $first: Int) { node(id: $id) { id } runs(first: $first) { totalCount } }",
    variables: { id: 'it\'s "$HOME" `x`' },
  });
  expect(end).toBe("SOMA");
});

test("somaOf() is the command line that leads to the product a sign-in command is of", () => {
  expect(somaOf("npx soma --data /d signin")).toBe("npx soma --data /d");
  expect(somaOf("ask your operator")).toBe("npx soma");
});
