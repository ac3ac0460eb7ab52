import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import { ANY_DOCUMENT, createRegisteredDocuments } from "./registered-documents.ts";

const NOT_FOUND = expect.objectContaining({ code: "PERSISTED_QUERY_NOT_FOUND" });

describe("createRegisteredDocuments()", () => {
  const documents = createRegisteredDocuments({
    byId: { abc: "query A { a ...F } fragment F on T { b }", "sha256:def": "{ d }" },
    texts: ["query B { b }"],
    only: true,
  });
  const check = (text: string) => () => documents.check(parse(text));

  it("gives the text under an id, with and without the name of its hash", () => {
    expect(documents.get("abc")).toBe(documents.get("sha256:abc"));
    for (const id of ["def", "sha256:def"]) expect(documents.get(id)).toBe("{ d }");
    expect(() => documents.get("abd")).toThrow(NOT_FOUND);
    expect(() => documents.get("__proto__")).toThrow(NOT_FOUND);
    expect(() => ANY_DOCUMENT.get("abc")).toThrow(NOT_FOUND);
  });

  it.each([
    ["one as it is", "query A { a ...F } fragment F on T { b }"],
    ["one in another order and layout", "fragment F on T{b}\n# a comment\nquery A{a,...F}"],
    ["one that has no id", "query B { b }"],
  ])("takes %s", (_name, text) => {
    expect(check(text)).not.toThrow();
  });

  it.each([
    ["another field", "query A { a b ...F } fragment F on T { b }"],
    ["another fragment of its name", "query A { a ...F } fragment F on T { c }"],
    ["one more operation", "query B { b } query C { c }"],
    ["another name", "query { b }"],
    ["another alias", "query B { x: b }"],
  ])("refuses %s", (_name, text) => {
    expect(check(text)).toThrow(NOT_FOUND);
  });

  it("takes everything unless only registered ones are taken", () => {
    expect(() => ANY_DOCUMENT.check(parse("{ anything }"))).not.toThrow();
  });

  it("names a registered document that cannot be read", () => {
    expect(() => createRegisteredDocuments({ byId: { bad: "{" }, only: false })).toThrow(
      'document "bad" cannot be read',
    );
  });
});
