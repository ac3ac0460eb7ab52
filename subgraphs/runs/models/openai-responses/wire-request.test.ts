import type { JsonObject } from "@soma/schemas/json";
import type { ChatMessage } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { foreignId } from "../calls-of-answer.ts";
import type { Quirk } from "../http/quirks.ts";
import { extraFields, toWireRequest } from "./wire-request.ts";

const options = { model: "m", by: "m at http://a/v1, by responses", quirks: new Set<Quirk>() };
const tools = [{ name: "calculate", description: "d", inputSchema: { type: "object" } }];
const user = (text: string) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });

const output: JsonObject[] = [
  { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "xyz" },
  { type: "function_call", id: "fc_1", call_id: "c1", name: "calculate", arguments: '{"x":1}', status: "completed" },
];
/** A turn of the model that called a tool, and what the tool said. */
const turn = (by: string, written = '{"x":1}'): ChatMessage[] => [
  {
    ...{ role: "assistant", content: "so" },
    toolCalls: [{ id: "call_1", name: "calculate", arguments: written, given: { call_id: "c1" } }],
    given: {
      by,
      fields: {
        output: output.map((item) => (item.type === "function_call" ? { ...item, arguments: written } : item)),
      },
    },
  },
  { role: "tool", toolCallId: "call_1", content: "1" },
];

describe("toWireRequest() of responses", () => {
  test("asks with the whole conversation, and has nothing stored", () => {
    const messages: ChatMessage[] = [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
    ];
    expect(
      toWireRequest(
        { messages, tools },
        {
          ...options,
          params: { temperature: 0, topP: 0.5, maxOutputTokens: 7, reasoningEffort: "low", seed: 3 },
          reasoningSummary: "auto",
        },
      ),
    ).toEqual({
      ...{ model: "m", instructions: "s", input: [user("u")] },
      tools: [{ type: "function", name: "calculate", description: "d", parameters: { type: "object" }, strict: false }],
      include: ["reasoning.encrypted_content"],
      ...{
        reasoning: { effort: "low", summary: "auto" },
        temperature: 0,
        top_p: 0.5,
        max_output_tokens: 7,
        store: false,
        stream: true,
      },
    });
    expect(toWireRequest({ messages: [], tools: [] }, options)).not.toHaveProperty("tools");
  });

  test("gives back unchanged what this server gave, and to another one only what every server understands", () => {
    const input = (by: string, quirks: Quirk[] = []) =>
      toWireRequest({ messages: turn(by), tools }, { ...options, quirks: new Set(quirks) }).input;
    expect(input(options.by)).toEqual([...output, { type: "function_call_output", call_id: "c1", output: "1" }]);
    const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "so" }] };
    const plain = (id: string) => [
      said,
      { type: "function_call", call_id: id, name: "calculate", arguments: '{"x":1}' },
      { type: "function_call_output", call_id: id, output: "1" },
    ];
    expect(input("another")).toEqual(plain(foreignId("call_1")));
    expect(input(options.by, ["NO_EXTRA_FIELDS"])).toEqual(plain("c1"));
  });

  test("never sends arguments that are no JSON, nor a turn in which nothing was said", () => {
    const broken = '{"unreadable":"{\\"x"}';
    for (const by of [options.by, "another"])
      expect(toWireRequest({ messages: turn(by, '{"x'), tools }, options).input).toContainEqual(
        expect.objectContaining({ type: "function_call", arguments: broken }),
      );
    const blank: ChatMessage[] = [
      { role: "assistant", content: "\n" },
      { role: "tool", toolCallId: "x", content: "1" },
    ];
    expect(toWireRequest({ messages: blank, tools }, options).input).toEqual([
      { type: "function_call_output", call_id: foreignId("x"), output: "1" },
    ]);
  });

  test("leaves out what a server does not take", () => {
    const messages: ChatMessage[] = [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
    ];
    const params = { temperature: 1, topP: 0.5, reasoningEffort: "low" } as const;
    const body = (...quirks: Quirk[]) =>
      toWireRequest({ messages, tools }, { ...options, params, quirks: new Set(quirks) });
    expect(body("NO_TOOLS")).not.toHaveProperty("tools");
    expect(body("NO_TEMPERATURE")).not.toHaveProperty("temperature");
    expect(body("NO_TOP_P")).not.toHaveProperty("top_p");
    expect(body("NO_REASONING_EFFORT")).not.toHaveProperty("reasoning");
    expect(body("NO_ENCRYPTED_REASONING")).not.toHaveProperty("include");
    expect(body("NO_SYSTEM_ROLE")).toMatchObject({ input: [user("s"), user("u")] });
    expect(body("NO_SYSTEM_ROLE")).not.toHaveProperty("instructions");
  });

  test("knows what of it only this server gave", () => {
    expect(extraFields(turn(options.by), options.by)).toEqual(["encrypted_content", "reasoning", "function_call"]);
    expect(extraFields(turn("another"), options.by)).toEqual([]);
  });
});
