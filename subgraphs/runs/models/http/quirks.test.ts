import { describe, expect, test } from "vitest";
import { type Quirk, quirkOf } from "./quirks.ts";

const none: ReadonlySet<Quirk> = new Set();
const possible: Quirk[] = [
  ...(["NO_TOOLS", "NO_STREAM_OPTIONS", "NO_SYSTEM_ROLE", "NO_TEMPERATURE"] as const),
  ...(["NO_TOP_P", "NO_SEED", "NO_REASONING_EFFORT"] as const),
  ...(["OTHER_TOKEN_LIMIT", "NO_ENCRYPTED_REASONING", "NO_EXTRA_FIELDS", "NO_UNSIGNED_CALLS"] as const),
  "NO_JSON_SCHEMA",
];

describe("quirkOf()", () => {
  test.each<[number, string, Quirk | undefined]>([
    [400, "Unrecognized request argument supplied: stream_options", "NO_STREAM_OPTIONS"],
    [422, '{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}', "NO_STREAM_OPTIONS"],
    [
      400,
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "OTHER_TOKEN_LIMIT",
    ],
    [400, "Unsupported value: 'temperature' does not support 0 with this model.", "NO_TEMPERATURE"],
    [400, "Unsupported parameter: 'top_p' is not supported with this model.", "NO_TOP_P"],
    [422, '{"msg":"Extra inputs are not permitted","loc":["body","seed"]}', "NO_SEED"],
    [400, "Unrecognized request argument supplied: reasoning_effort", "NO_REASONING_EFFORT"],
    [400, "Unsupported parameter: 'reasoning.effort' is not supported with this model.", "NO_REASONING_EFFORT"],
    [400, "registry.local/gemma:2b does not support tools", "NO_TOOLS"],
    [400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "NO_TOOLS"],
    [500, "tools param requires --jinja flag", "NO_TOOLS"],
    [400, "System role not supported", "NO_SYSTEM_ROLE"],
    [400, "Developer instruction is not enabled for models/gemma-3-27b-it", "NO_SYSTEM_ROLE"],
    [400, "reasoning_content is not allowed in input messages", "NO_EXTRA_FIELDS"],
    [400, "Encrypted content is not supported with this model.", "NO_ENCRYPTED_REASONING"],
    [400, "Unknown parameter: 'include'.", "NO_ENCRYPTED_REASONING"],
    [400, "messages must include the word json", undefined],
    [400, "This model's maximum context length is 8192 tokens", undefined],
    [400, "messages with role 'tool' must answer a preceding tool call; 'call_1' is none", undefined],
    [400, "property 'channel' is unsupported", "NO_EXTRA_FIELDS"],
    [400, "Expected at most one leading ThinkChunk, got 2", "NO_EXTRA_FIELDS"],
    [400, "tools.15.custom.input_schema: input_schema does not support oneOf at the top level", undefined],
    [
      400,
      "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
      undefined,
    ],
    [400, "Function call is missing a thought_signature in functionCall parts", "NO_UNSIGNED_CALLS"],
    [500, "Unsupported parameter: temperature", undefined],
    [400, "This response_format type is unavailable now", "NO_JSON_SCHEMA"],
    [400, "Invalid parameter: 'text.format' is not supported with this model.", "NO_JSON_SCHEMA"],
    [422, '{"loc":["body","response_format","type"],"msg":"Input should be text"}', "NO_JSON_SCHEMA"],
    [400, "Function calling with a response mime type: 'application/json' is unsupported", "NO_JSON_SCHEMA"],
    [400, "Invalid schema for response_format 'order': In context=(), schema must be of type object", undefined],
    [401, "stream_options", undefined],
    [503, "does not support tools", undefined],
  ])("of HTTP %i %j is %s", (status, said, quirk) => {
    expect(quirkOf({ status, said }, none, { possible, extra: ["reasoning_content", "channel"] })).toBe(quirk);
  });

  test("is nothing of fields that the request does not have", () => {
    expect(quirkOf({ status: 400, said: "reasoning_content is not allowed" }, none, { possible })).toBeUndefined();
  });

  test.each<[object, Quirk | undefined]>([
    [{ message: "Unsupported parameter", param: "temperature" }, "NO_TEMPERATURE"],
    [
      { message: "no", errors: [{ message: "Unrecognized request argument supplied: stream_options" }] },
      "NO_STREAM_OPTIONS",
    ],
    [{ message: "Provider returned error", metadata: { raw: "top_p is not supported" } }, "NO_TOP_P"],
    [{ message: "does not support tools", param: "stream_options" }, "NO_TOOLS"],
    [{ message: "Invalid value", param: "temperature" }, undefined],
  ])("is looked for in the message, then in all that stands beside it: %j", (error, quirk) => {
    const said = "message" in error ? String(error.message) : "";
    expect(quirkOf({ status: 400, said, whole: JSON.stringify({ error }) }, none, { possible })).toBe(quirk);
  });

  test("is none that is known already", () => {
    expect(
      quirkOf({ status: 400, said: "does not support tools" }, new Set<Quirk>(["NO_TOOLS"]), { possible }),
    ).toBeUndefined();
  });

  test("is nothing that a request of this kind never has", () => {
    const refusal = { status: 400, said: "Unrecognized request argument supplied: stream_options" };
    expect(quirkOf(refusal, none, { possible: ["NO_TOOLS"] })).toBeUndefined();
  });
});
