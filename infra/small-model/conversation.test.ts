import { describe, expect, test } from "vitest";
import { toAnswer, toQuestion } from "./conversation.ts";

const parameters = {
  type: "object",
  properties: { expression: { type: "string", minLength: 1 }, mode: { enum: ["a"] }, list: { type: "array" } },
  required: ["expression", "list"],
};
const tools = [{ function: { name: "calculate", description: "Calculates. Slowly.", parameters } }];
const system = { role: "system", content: "Be kind." };
const user = { role: "user", content: "37*12?" };

describe("toQuestion()", () => {
  test("tells of tools before the question, and holds the answer to one of them or to text", () => {
    const { turns, shape } = toQuestion({ messages: [system, user], tools });
    expect(turns).toEqual([
      { type: "system", text: "Be kind." },
      { type: "user", text: expect.stringContaining("- calculate: Calculates\nAnswer") },
      { type: "user", text: "37*12?" },
      { type: "model", response: [] },
    ]);
    const list = { type: "array", items: { type: "string" } };
    const args = { type: "object", properties: { expression: { type: "string" }, list } };
    expect(shape).toEqual({
      oneOf: [
        { type: "object", properties: { call: { const: "calculate" }, arguments: args } },
        { type: "object", properties: { answer: { type: "string" } } },
      ],
    });
  });

  test("asks for words after a result, and where there are no tools", () => {
    const call = { function: { name: "calculate", arguments: "{}" } };
    const after = [user, { role: "assistant", content: null, tool_calls: [call] }, { role: "tool", content: "444" }];
    const { turns, shape } = toQuestion({ messages: after, tools });
    expect(turns.slice(1, 3)).toEqual([
      { type: "model", response: ['{"name":"calculate","arguments":"{}"}'] },
      { type: "user", text: "The tool gave: 444\nTell me the answer." },
    ]);
    expect([shape, toQuestion({ messages: [user] }).shape]).toEqual([null, null]);
  });

  test("holds the answer to a schema that is asked for", () => {
    const format = { type: "json_schema", json_schema: { schema: { ...parameters, required: ["mode"] } } };
    expect(toQuestion({ messages: [user], response_format: format }).shape).toEqual({
      ...{ type: "object", properties: { mode: { enum: ["a"] } } },
    });
  });
});

test("toAnswer() reads a call, an answer, and what is neither as it is", () => {
  const question = { turns: [], shape: {} };
  expect(toAnswer('{"call":"f","arguments":{"a":1}}', question)).toEqual({ name: "f", arguments: '{"a":1}' });
  expect(toAnswer('{"answer":"yes"}', question)).toEqual({ text: "yes" });
  expect(toAnswer('{"mode":"a"}', question)).toEqual({ text: '{"mode":"a"}' });
  expect(toAnswer('{"call', question)).toEqual({ text: '{"call' });
  expect(toAnswer('{"answer":"yes"}', { turns: [], shape: null })).toEqual({ text: '{"answer":"yes"}' });
});
