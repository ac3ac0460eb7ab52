import { describe, expect, it } from "vitest";
import { checkJsonBody, chooseMediaType, EVENT_STREAM } from "./media-types.ts";

const JSON_TYPE = "application/json";
const RESPONSE = "application/graphql-response+json";

describe("chooseMediaType()", () => {
  it.each([
    [null, JSON_TYPE],
    ["", JSON_TYPE],
    ["*/*", JSON_TYPE],
    ["application/*", JSON_TYPE],
    [JSON_TYPE, JSON_TYPE],
    ["Application/JSON; charset=UTF-8", JSON_TYPE],
    [RESPONSE, RESPONSE],
    ["APPLICATION/GraphQL-Response+JSON", RESPONSE],
    [`${RESPONSE}, ${JSON_TYPE};q=0.9`, RESPONSE],
    [`${JSON_TYPE};q=0.9, ${RESPONSE}`, RESPONSE],
    [`${JSON_TYPE}, ${RESPONSE}`, JSON_TYPE],
    [`text/html, ${RESPONSE};q=0.2, */*;q=0.1`, RESPONSE],
    [`${RESPONSE}, application/graphql+json, ${JSON_TYPE}, text/event-stream, multipart/mixed`, RESPONSE],
    [`${JSON_TYPE};q=0, */*`, RESPONSE],
    [EVENT_STREAM, EVENT_STREAM],
    [`${EVENT_STREAM}, multipart/mixed`, EVENT_STREAM],
    [`${JSON_TYPE};q=0.5, Text/Event-Stream`, EVENT_STREAM],
    [`text/*, */*;q=0.1`, JSON_TYPE],
  ])("for accept %j it is %s", (accept, expected) => {
    expect(chooseMediaType(accept)).toBe(expected);
  });

  it.each(["text/html", `${JSON_TYPE};q=0`, "*/*;q=0", `${JSON_TYPE};q=many`, "text/*"])(
    "refuses accept %j with 406",
    (accept) => {
      expect(() => chooseMediaType(accept)).toThrow(expect.objectContaining({ httpStatus: 406, code: "BAD_INPUT" }));
    },
  );
});

describe("checkJsonBody()", () => {
  it.each([JSON_TYPE, "Application/JSON", `${JSON_TYPE}; charset=UTF-8`, `${JSON_TYPE};charset="utf-8"; a=b`])(
    "takes %s",
    (contentType) => expect(() => checkJsonBody(contentType)).not.toThrow(),
  );

  it.each([
    null,
    "",
    "text/plain",
    "application/jsonx",
    "application/x-www-form-urlencoded",
    `${JSON_TYPE}; charset=utf-16`,
  ])("refuses %s with 415", (contentType) => {
    expect(() => checkJsonBody(contentType)).toThrow(expect.objectContaining({ httpStatus: 415 }));
  });
});
