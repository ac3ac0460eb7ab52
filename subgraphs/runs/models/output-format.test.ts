import type { ChatRequest, JsonOutput } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { toCallOptions } from "./ai-sdk/prompt.ts";
import type { Quirk } from "./http/quirks.ts";
import { toWireRequest as toChatBody } from "./openai/wire-request.ts";
import { toWireRequest as toResponsesBody } from "./openai-responses/wire-request.ts";
import { toOutputFormat } from "./output-format.ts";

const object = (properties: object, more: object = { additionalProperties: false }) => ({
  ...{ type: "object", properties, required: Object.keys(properties) },
  ...more,
});
const asking = (output?: JsonOutput): ChatRequest => ({
  messages: [{ role: "user", content: "u" }],
  tools: [],
  output,
});
const none: ReadonlySet<Quirk> = new Set();

describe("toOutputFormat()", () => {
  test.each<[string, object, boolean]>([
    ["a closed object with all it may have", object({ a: { type: "array", items: object({}) } }), true],
    ["an open object", object({ a: { type: "string" } }, {}), false],
    ["an object that may have more", { ...object({ a: { type: "string" } }), required: [] }, false],
    ["one that has such an object inside", object({ a: { anyOf: [{ type: "null" }, object({}, {})] } }), false],
    ["one with a list of such", object({ a: { type: "array", items: object({}, {}) } }), false],
    [
      "one of several, or of several types",
      object({ a: { anyOf: [{ type: "null" }, object({})] }, b: { type: ["string", "null"] } }),
      true,
    ],
    ["a place that says no type", object({ a: { enum: ["x", "y"] }, b: { type: "string" } }), false],
    ["a place that may be anything", object({ a: {} }), false],
    ["an open object that may be null", object({ a: { type: ["object", "null"], properties: {} } }), false],
    ["a list of anything", object({ a: { type: "array" } }), false],
    ["a choice at the root", { anyOf: [object({}), object({})] }, false],
    ["words that strict answers do not have", object({ a: { type: "string", pattern: "^a" } }), false],
  ])("is for %s strict: %j", (_name, schema, strict) => {
    expect(toOutputFormat(asking({ name: "n", schema }), none)).toEqual({ name: "n", schema, strict });
  });

  test("stands where each kind of server looks for it, and nowhere when it takes none", () => {
    const schema = object({});
    const request = asking({ name: "n", schema });
    const format = { name: "n", schema, strict: true };
    const options = { model: "m", tokenLimitField: "max_tokens", by: "b" } as const;
    const refused = { ...options, quirks: new Set<Quirk>(["NO_JSON_SCHEMA"]) };
    const quirks = none;
    expect(toChatBody(request, { ...options, quirks })).toMatchObject({
      response_format: { type: "json_schema", json_schema: format },
    });
    expect(toChatBody(request, refused)).not.toHaveProperty("response_format");
    expect(toChatBody(asking(), { ...options, quirks })).not.toHaveProperty("response_format");
    expect(toResponsesBody(request, { ...options, quirks })).toMatchObject({
      text: { format: { type: "json_schema", ...format } },
    });
    expect(toResponsesBody(request, refused)).not.toHaveProperty("text");
    expect(toCallOptions(request, { by: "b" })).toMatchObject({ responseFormat: { type: "json", name: "n", schema } });
  });
});
