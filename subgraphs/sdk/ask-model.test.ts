import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { askModel, callTools, wantsTools } from "./ask-model.ts";
import { defineTool } from "./define-tool.ts";
import { appended, graph, replaced } from "./graph.ts";
import type { ChatMessage, ChatRequest, ModelClient } from "./model-client.ts";
import { testAgent } from "./test-agent.ts";
import { tryStep } from "./testing/step.ts";

const findOrder = defineTool({
  name: "find_order",
  version: "1",
  description: "Finds an order.",
  input: Type.Object({ id: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  run({ id }, { emit }) {
    emit(`${id} `);
    return id === "A-1" ? "is paid" : undefined;
  },
});

const tools = { find_order: findOrder, other: () => "" };
const helper = graph("helper", 1, { talk: appended<ChatMessage>(), answer: replaced("") })
  .node("ask", askModel({ instructions: "Help.", tools: ["find_order"], into: (text) => ({ answer: text }) }))
  .node("call", callTools())
  .node("end", { type: "end", run: () => ({ summary: "" }) })
  .when("ask", ["call", "end"], (state) => (wantsTools(state) ? "call" : "end"))
  .when("call", ["call", "ask"], (state) => (wantsTools(state) ? "call" : "ask"))
  .build(({ answer }) => answer);
const find = (id: unknown) => ({ calls: [{ tool: "find_order", args: { id } }] });

describe("askModel() with callTools()", () => {
  it("asks a client, where a test gives one", async () => {
    const model: ModelClient = {
      ...{ profile: "mine", provider: "mine", model: "mine", isAi: true },
      async *chat() {
        yield { type: "text", delta: "hi" };
        yield { type: "finish", reason: "stop", usage: null };
      },
    };
    expect(await testAgent(helper, { input: "A-1?", model, tools })).toMatchObject({ answer: "hi" });
  });

  it("goes round until the model has an answer, and shows it only the tools it is given", async () => {
    const asked: ChatRequest[] = [];
    const model = (request: ChatRequest) => {
      asked.push(request);
      return asked.length === 1
        ? { text: "I look", calls: [...find("A-1").calls, ...find("B-2").calls] }
        : "It is paid.";
    };
    const run = await testAgent(helper, { input: "A-1?", model, tools });
    expect(run).toMatchObject({ answer: "It is paid.", path: ["ask", "call", "call", "ask", "end"] });
    expect(asked[0]?.tools.map(({ name }) => name)).toEqual(["find_order"]);
    expect(asked[1]?.messages).toEqual([
      { role: "system", content: "Help." },
      { role: "user", content: "A-1?" },
      {
        role: "assistant",
        content: "I look",
        toolCalls: [
          { id: "call_1", name: "find_order", arguments: '{"id":"A-1"}' },
          { id: "call_2", name: "find_order", arguments: '{"id":"B-2"}' },
        ],
      },
      { role: "tool", toolCallId: "call_1", content: '{"status":"SUCCEEDED","output":"A-1 is paid"}' },
      { role: "tool", toolCallId: "call_2", content: '{"status":"SUCCEEDED","output":"B-2 "}' },
    ]);
  });

  it("makes so many calls at once, and tells the model of each other one that it was not made", async () => {
    const many = { calls: Array.from({ length: 18 }, (_, at) => ({ tool: "find_order", args: { id: `${at}` } })) };
    const run = await testAgent(helper, { input: "?", tools, model: [many, find("again"), "Done."] });
    expect(run).toMatchObject({ answer: "Done.", status: "SUCCEEDED" });
    expect(run.calls.map(({ args }) => args.id)).toEqual([
      ...many.calls.slice(0, 16).map(({ args }) => args.id),
      "again",
    ]);
    const heard = (run.state as { talk: ChatMessage[] }).talk.filter(({ role }) => role === "tool");
    expect(heard.filter(({ content }) => content.includes('"REFUSED"'))).toHaveLength(2);
  });

  it("calls no tool that the model was not shown, and tells it so, a bounded number of times", async () => {
    const stranger = { calls: [{ tool: "other", args: {} }, ...find("A-1").calls] };
    const again = await testAgent(helper, { input: "?", tools, model: [stranger, "Fine."] });
    expect(again).toMatchObject({ answer: "Fine.", path: ["ask", "call", "call", "ask", "end"] });
    expect(again.calls.map(({ tool }) => tool)).toEqual(["find_order"]);
    expect((again.state as { talk: ChatMessage[] }).talk[1]).toEqual({
      ...{ role: "tool", toolCallId: "call_1" },
      content: '{"status":"REFUSED","error":"there is no tool \\"other\\"; there are find_order"}',
    });
    const stubborn = await testAgent(helper, {
      input: "?",
      tools,
      model: () => ({ calls: [{ tool: "other", args: {} }] }),
    });
    expect(stubborn).toMatchObject({ status: "FAILED", calls: [], error: { code: "STEP_REFUSED" } });
    const alone = graph("alone", 1, { answer: replaced("") })
      .node("ask", askModel({ into: (text) => ({ answer: text }) }))
      .build(({ answer }) => answer);
    const both = await testAgent(alone, { input: "?", model: [{ text: "So.", ...stranger }] });
    expect([both.answer, both.steps[0]?.summary]).toEqual([
      "So.",
      "Asked for nothing that can be called; 2 more not called",
    ]);
    const mute = await testAgent(alone, { input: "?", model: [stranger, stranger, stranger, stranger] });
    expect(mute.error?.message).toBe("the model was given no tools, and said nothing but to call other");
  });

  it("tells the model what was denied, what failed, and what it asked wrongly", async () => {
    const last = async (params: Parameters<typeof testAgent>[1]) => {
      const { state, steps } = await testAgent(helper, { input: "?", tools, model: [find(7), "Sorry."], ...params });
      return [(state as { talk: ChatMessage[] }).talk[1]?.content, steps[1]?.status];
    };
    expect(await last({ denied: ["find_order"] })).toEqual([
      '{"status":"DENIED","reason":"the test denies it"}',
      "DENIED",
    ]);
    expect((await last({}))[0]).toContain("the arguments of find_order do not fit its schema: /id must be string");
    const talk: ChatMessage[] = [
      { role: "assistant", content: "", toolCalls: [{ id: "call_1", name: "find_order", arguments: "[1" }] },
    ];
    const { result } = await tryStep(callTools(), { state: { talk } });
    expect(result.patch?.talk?.[0]?.content).toContain("the arguments are not a JSON object");
    expect((await tryStep(callTools(), { state: { talk: [] } })).result.summary).toBe("There is nothing to call");
  });

  const model = async () => ({ chat: () => [] }) as never;

  it("refuses what no model could answer, and says what to do", async () => {
    const refused = async (params: Parameters<typeof testAgent>[1], agent = helper) =>
      (await testAgent(agent, params)).error?.message;
    const asks = tryStep(askModel({ into: () => ({}) }), {
      state: {},
      run: { input: { order: 1 } },
      services: { model },
    });
    await expect(asks).rejects.toThrow("give askModel() an ask()");
    await expect(testAgent(helper, { input: { order: 1 } })).rejects.toThrow("the input of helper has no text");
    expect(await refused({ input: "?", tools: {} })).toBe("there is no tool find_order");
    expect(await refused({ input: "?", tools, model: () => find("A-1") })).toContain(
      "12 times without coming to an answer",
    );
    expect(await refused({ input: "?", tools, model: [find("A-1")] })).toContain("the test gives 1 answers");
    expect(await refused({ input: "?", tools, model: [new Error("no")] })).toBe("no");
    const silent = graph("silent", 1, { answer: replaced("") })
      .node("ask", askModel({ tools: ["find_order"], into: () => ({}) }))
      .build(() => "");
    expect(await refused({ tools }, silent as never)).toContain("talk: appended<ChatMessage>()");
  });

  it("asks one thing after the other without tools, and knows nothing of what was asked before", async () => {
    const seen: number[] = [];
    const draft = graph("draft", 1, { text: replaced("") })
      .node("write", askModel({ ask: () => "Write.", into: (text) => ({ text }) }))
      .node("mend", askModel({ ask: ({ text }) => `Mend ${text}`, into: (text) => ({ text }) }))
      .edge("write", "mend")
      .build(({ text }) => text);
    const model = ({ messages }: ChatRequest) => {
      seen.push(messages.length);
      return `(${messages.at(-1)?.content})`;
    };
    expect(await testAgent(draft, { model })).toMatchObject({ answer: "(Mend (Write.))" });
    expect(seen).toEqual([1, 1]);
  });
});
