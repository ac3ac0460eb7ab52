import { Type } from "typebox";
import { describe, expect, expectTypeOf, it } from "vitest";
import { askModel, callTools, wantsTools } from "./ask-model.ts";
import { appended, graph, replaced } from "./graph.ts";
import type { ChatEvent, ChatMessage, ChatRequest, FinishReason, ModelClient, ModelUsage } from "./model-client.ts";
import type { NodeSpec } from "./node.ts";
import { testAgent } from "./test-agent.ts";
import { tryStep } from "./testing/step.ts";

const schema = Type.Object({ id: Type.String(), total: Type.Number() }, { additionalProperties: false });
const output = { name: "order", schema };
type Order = { id: string; total: number };
const node: NodeSpec<{ order?: Order }> = askModel({
  output,
  into(order) {
    expectTypeOf(order).toEqualTypeOf<Order>();
    return { order };
  },
});
const GOOD = '{"id":"A-1","total":7}';

interface Said {
  text: string;
  reason?: FinishReason;
  usage?: ModelUsage | null;
}

/** A model that gives these answers, and what it was asked. */
function aModel(...answers: Said[]): { client: ModelClient; asked: ChatRequest[] } {
  const asked: ChatRequest[] = [];
  const client: ModelClient = {
    ...{ profile: "p", provider: "test", model: "m", isAi: true },
    async *chat(request): AsyncGenerator<ChatEvent> {
      const { text, reason = "stop", usage = null } = answers[asked.push(request) - 1] ?? { text: "none is left" };
      yield { type: "text", delta: text };
      yield { type: "finish", reason, usage };
    },
  };
  return { client, asked };
}

const asking = (client: ModelClient) => tryStep(node, { state: {}, services: { model: async () => client } });

describe("askModel() with an output", () => {
  it("gives the value of the answer, which the model is asked for by schema and in words", async () => {
    const { client, asked } = aModel({ text: `\`\`\`json\n${GOOD}\n\`\`\`` });
    const { result } = await asking(client);
    expect(result).toMatchObject({ patch: { order: { id: "A-1", total: 7 } }, summary: "Answered" });
    const plain = JSON.parse(JSON.stringify(schema)) as unknown;
    expect(asked[0]?.output).toEqual({ name: "order", schema: plain });
    expect(asked[0]?.messages[0]?.content).toContain(JSON.stringify(plain));
  });

  it("tells the model what does not fit, and shows people which answer counts and what all of them cost", async () => {
    const usage = (cost: string) => ({ inputTokens: 10, cachedInputTokens: 1, outputTokens: 2, cost });
    const { client, asked } = aModel(
      { text: '{"id":"A-1","total":"7","more":1}', usage: usage("0.105 USD") },
      { text: GOOD, usage: usage("0.205 USD") },
    );
    const { result, frames } = await asking(client);
    expect(asked[1]?.messages.slice(-2)).toEqual([
      { role: "assistant", content: '{"id":"A-1","total":"7","more":1}' },
      {
        role: "user",
        content:
          "That answer does not fit the JSON Schema: the answer must not have additional properties (more); " +
          "/total must be number. Answer again with JSON that fits, and with nothing else.",
      },
    ]);
    expect(result.summary).toBe("Answered; asked 2 times for JSON that fits");
    expect(result.output).toMatchObject({
      text: GOOD,
      usage: { inputTokens: 20, cachedInputTokens: 2, outputTokens: 4, cost: "0.31 USD" },
    });
    expect(frames.flatMap((frame) => ("delim" in frame && frame.delim === "end" ? [frame.status] : []))).toEqual([
      "CANCELED",
      "OK",
    ]);
    expect(new Set(frames.map(({ stream }) => stream)).size).toBe(2);
  });

  it("names its streams anew when it was parked in between, as for a budget", async () => {
    const streams: string[][] = [];
    for (const wakes of [0, 1]) {
      const { client } = aModel({ text: "no" }, { text: GOOD });
      const context = { wakes };
      const { frames } = await tryStep(node, { state: {}, services: { model: async () => client }, context });
      streams.push([...new Set(frames.map(({ stream }) => stream))]);
    }
    expect(new Set(streams.flat()).size).toBe(4);
  });

  it("sends what a server gave with an answer back to it, unless that tells of calls which nobody made", async () => {
    const given = { by: "b", fields: { output: [{ type: "function_call" }] } };
    for (const calls of [[], [{ id: "c", name: "other", arguments: "{}" }]]) {
      const asked: ChatRequest[] = [];
      const { client } = aModel();
      client.chat = async function* (request): AsyncGenerator<ChatEvent> {
        const isFirst = asked.push(request) === 1;
        if (isFirst) for (const call of calls) yield { type: "toolCall", call };
        yield { type: "text", delta: isFirst ? "no" : GOOD };
        yield { type: "finish", reason: "stop", usage: null, given };
      };
      await asking(client);
      expect(asked[1]?.messages.some((message) => "given" in message)).toBe(calls.length === 0);
    }
  });

  it("knows no cost where an answer has none", async () => {
    const usage = { inputTokens: 1, outputTokens: 1 };
    const { client } = aModel(
      { text: "no", usage: { ...usage, cost: "0.10 USD" } },
      { text: "no", usage },
      { text: GOOD },
    );
    expect((await asking(client)).result.output).toMatchObject({ usage: { inputTokens: 2, outputTokens: 2 } });
  });

  it.each<[string, Said[], string, number]>([
    ["three answers do not fit", [{ text: "Sure!" }, { text: "[1]" }, { text: "{}" }], "the last of 3 answers", 3],
    ["the last of them is not JSON", [{ text: "1" }, { text: "2" }, { text: "no" }], "asked for: it is not JSON", 3],
    ["a number is beyond JSON", Array(3).fill({ text: `{"total":${"9".repeat(20)}}` }), "asked for", 3],
    ["one is cut", [{ text: '{"id":', reason: "length" }], "raise maxOutputTokens of the model profile", 1],
    ["one is held back", [{ text: "{", reason: "content_filter" }], "the model's answer is not the JSON of", 1],
  ])("fails for good when %s", async (_name, answers, words, count) => {
    const { client, asked } = aModel(...answers);
    await expect(asking(client)).rejects.toMatchObject({
      code: "STEP_REFUSED",
      message: expect.stringContaining(words),
    });
    expect(asked).toHaveLength(count);
  });

  it("lets the model call its tools first", async () => {
    const found = replaced<{ id: string } | undefined>(undefined);
    const helper = graph("helper", 1, { talk: appended<ChatMessage>(), found })
      .node("ask", askModel({ output, tools: ["find"], into: (order) => ({ found: order }) }))
      .node("call", callTools())
      .node("end", { type: "end", run: () => ({ summary: "" }) })
      .when("ask", ["call", "end"], (state) => (wantsTools(state) ? "call" : "end"))
      .edge("call", "ask")
      .build((state) => state.found?.id ?? "");
    const model = [{ calls: [{ tool: "find" }] }, "Here:", GOOD];
    const run = await testAgent(helper, { input: "?", tools: { find: () => "it" }, model });
    expect(run).toMatchObject({ answer: "A-1", path: ["ask", "call", "ask", "end"] });
  });

  it("refuses a name that servers would refuse, and hears nothing in calls that nobody offered", async () => {
    expect(() => askModel({ output: { name: "an order", schema }, into: () => ({}) })).toThrow(
      'output name "an order"',
    );
    const alone = graph("alone", 1, { order: replaced("") })
      .node("ask", askModel({ output, into: ({ id }) => ({ order: id }) }))
      .build(({ order }) => order);
    const stranger = { calls: [{ tool: "other" }] };
    expect((await testAgent(alone, { input: "?", model: [{ ...stranger, text: GOOD }] })).answer).toBe("A-1");
    const mute = await testAgent(alone, { input: "?", model: () => stranger });
    expect(mute.error?.message).toContain("said nothing but to call other");
  });
});
