import { expect, test } from "vitest";
import { copiesOf } from "./copy-as.ts";

const COPIES = copiesOf({
  document: "\n  query Q($id: ID!) { node(id: $id) { id } }\n",
  variables: { id: 'it\'s "$HOME" `x`' },
  origin: "http://127.0.0.1:4700",
  command: "npx soma runs show r",
});
const textOf = (name: string): string => COPIES.find((copy) => copy.name === name)?.text ?? "";

test("copiesOf() has the document that the page sends, the same by curl, and the command", () => {
  expect(COPIES.map(({ name }) => name)).toEqual(["GraphQL", "curl", "CLI"]);
  expect(textOf("GraphQL")).toMatch(/^query Q\(\$id: ID!\).*\n\n# variables: \{"id":/);
  expect(textOf("CLI")).toBe("npx soma runs show r\n");
});

test("copiesOf() says who asks by a variable of the shell, and gives the shell nothing else to replace", () => {
  const [head = "", body = ""] = textOf("curl").split("<<'SOMA'\n");
  expect(head.match(/\$\w+/g)).toEqual(["$SOMA_TOKEN"]);
  const [json = "", end] = body.split("\n");
  expect(JSON.parse(json)).toEqual({
    query: "query Q($id: ID!) { node(id: $id) { id } }",
    variables: { id: 'it\'s "$HOME" `x`' },
  });
  expect(end).toBe("SOMA");
});
