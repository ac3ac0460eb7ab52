import type { ChatEvent, ChatMessage, ChatRequest, ModelClient } from "@soma/sdk/model-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "./testing/collect.ts";

export interface ContractSubject {
  client: ModelClient;
  /** Bodies its server was sent, oldest first; left out where there is no server. */
  requests?: readonly unknown[];
  close(): Promise<void>;
}

const TOOLS = ["calculate", "remember", "code_run"].map((name) => {
  const argument = { calculate: "expression", remember: "text", code_run: "code" }[name] ?? "";
  return {
    name,
    description: name,
    inputSchema: {
      type: "object",
      properties: { [argument]: { type: "string" } },
      required: [argument],
      additionalProperties: false,
    },
  };
});

/**
 * What every model client keeps, whatever its model says. The model behind it must call `calculate` when asked for
 * 37*12 with tools on offer, as the rules of the scripted model do.
 */
export function modelClientContract(name: string, make: () => Promise<ContractSubject>): void {
  describe(`${name} keeps the contract of model clients:`, () => {
    let subject: ContractSubject;
    beforeAll(async () => {
      subject = await make();
    });
    afterAll(() => subject.close());

    const chat = (messages: ChatMessage[], tools = TOOLS, signal = new AbortController().signal) =>
      subject.client.chat({ messages, tools } satisfies ChatRequest, signal);
    const ask = (content: string): ChatMessage[] => [
      { role: "system", content: "You are an assistant." },
      { role: "user", content },
    ];

    test("it names itself", () => {
      const { profile, provider, model, isAi } = subject.client;
      expect([profile, provider, model].every((part) => part.length > 0)).toBe(true);
      expect(typeof isAi).toBe("boolean");
    });

    test.each([
      "Hello",
      "What is 37*12? Remember that my favourite number is 37.",
      "Grüße 東京 👩‍💻",
      "x".repeat(20_000),
      "\u0000\ud800",
    ])("it finishes exactly once, last, and with something said (%#)", async (content) => {
      const events = await collect(chat(ask(content)));
      expect(events.filter((event) => event.type === "finish").length).toBe(1);
      const last = events.at(-1);
      expect(last?.type).toBe("finish");
      const { text, calls } = summed(events);
      expect(text !== "" || calls.length > 0).toBe(true);
      if (last?.type === "finish") expect(last.reason).toBe(calls.length > 0 ? "tool_calls" : "stop");
    });

    test("its tool calls name tools on offer, have ids of their own, and arguments that are JSON objects", async () => {
      const { calls } = summed(
        await collect(chat(ask("What is 37*12? Remember that “x” is 37. Run code: console.log('{\"a\": [1]}')"))),
      );
      expect(calls.length).toBeGreaterThan(0);
      expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length);
      for (const call of calls) {
        expect(TOOLS.map((tool) => tool.name)).toContain(call.name);
        expect(JSON.parse(call.arguments)).toBeTypeOf("object");
      }
    });

    /** What it says to the results of its calls, when its own turn is told in this way. */
    const goOn = async (told: (first: ReturnType<typeof summed>) => Extract<ChatMessage, { role: "assistant" }>) => {
      const turn = told(summed(await collect(chat(ask("What is 37*12?")))));
      const results = (turn.toolCalls ?? []).map(
        ({ id }): ChatMessage => ({ role: "tool", toolCallId: id, content: '{"status":"SUCCEEDED","output":"444"}' }),
      );
      return summed(await collect(chat([...ask("What is 37*12?"), turn, ...results])));
    };

    test("it says something once its tools have answered, under ids of the engine's, with what it gave", async () => {
      const { text } = await goOn(({ text, calls, given }) => ({
        ...{ role: "assistant", content: text, ...(given === undefined ? {} : { given }) },
        toolCalls: calls.map((call, at) => ({ ...call, id: `call_${at + 7}` })),
      }));
      expect(text).toContain("444");
    });

    test("it goes on where another model began, and keeps from its server what that one gave", async () => {
      const foreign = { by: "another", fields: { reasoning_content: "x", output: [{ type: "strange" }], parts: [7] } };
      const { text } = await goOn(({ text, calls }) => ({
        ...{ role: "assistant", content: text, given: foreign },
        toolCalls: calls.map((call, at) => ({
          ...call,
          id: `call_${at}`,
          given: { id: "x", call_id: "x", strange: 1 },
        })),
      }));
      expect(text).toContain("444");
    });

    test("it goes on after calls that it wrote wrongly", async () => {
      const { text } = await goOn(({ text, calls }) => ({
        ...{ role: "assistant", content: text },
        toolCalls: calls.map((call) => ({ ...call, arguments: "{not JSON" })),
      }));
      expect(text).not.toBe("");
    });

    test("it answers in words when it is offered no tools", async () => {
      const { text, calls } = summed(await collect(chat(ask("What is 37*12?"), [])));
      expect(calls).toEqual([]);
      expect(text).not.toBe("");
    });

    test("it gives JSON that fits, where it is asked for that, and tells its server the schema", async () => {
      const output = {
        name: "order",
        schema: {
          type: "object",
          properties: { number: { type: "integer", minimum: 7 }, states: { type: "array", items: { enum: ["paid"] } } },
          required: ["number", "states"],
          additionalProperties: false,
        },
      };
      const { client, requests } = subject;
      const asking = client.chat({ messages: ask("Which?"), tools: [], output }, new AbortController().signal);
      const { text, calls } = summed(await collect(asking));
      expect(calls).toEqual([]);
      expect(JSON.parse(text)).toEqual({ number: 7, states: [] });
      if (requests !== undefined) expect(JSON.stringify(requests.at(-1))).toContain('"states"');
    });

    test("it asks its server for no longer answer than it is asked for itself", async () => {
      const { client, requests } = subject;
      const signal = new AbortController().signal;
      await collect(client.chat({ messages: ask("Hello"), tools: [], maxOutputTokens: 31_337 }, signal));
      if (requests !== undefined) expect(JSON.stringify(requests.at(-1))).toMatch(/"max_?\w*tokens":31337\b/i);
    });

    test("it is canceled before it starts", async () => {
      await expect(collect(chat(ask("Hello"), TOOLS, AbortSignal.abort()))).rejects.toMatchObject({
        name: expect.stringMatching(/Error$/),
        code: "CANCELED",
      });
    });

    test("it is canceled after any of its events, and says nothing more", async () => {
      const events = await collect(chat(ask("Hello")));
      for (let after = 1; after < events.length; after += 1) {
        const controller = new AbortController();
        const seen: ChatEvent[] = [];
        const listening = (async () => {
          for await (const event of chat(ask("Hello"), TOOLS, controller.signal)) {
            seen.push(event);
            if (seen.length === after) controller.abort();
          }
        })();
        await expect(listening).rejects.toMatchObject({ code: "CANCELED" });
        expect(seen.length).toBe(after);
      }
    });

    test("it can be left in the middle, and asked again", async () => {
      for await (const event of chat(ask("Hello"))) {
        expect(["text", "thinking"]).toContain(event.type);
        break;
      }
      expect(summed(await collect(chat(ask("Hello")))).text).not.toBe("");
    });

    test("answers to several requests at once do not mix", async () => {
      const sums = ["1+1", "2+2", "3+3", "4+4"];
      const answers = await Promise.all(sums.map((sum) => collect(chat(ask(`What is ${sum}?`)))));
      expect(answers.map((events) => summed(events).calls.map((call) => JSON.parse(call.arguments)))).toEqual(
        sums.map((expression) => [{ expression }]),
      );
    });
  });
}

function summed(events: readonly ChatEvent[]) {
  const text = events.map((event) => (event.type === "text" ? event.delta : "")).join("");
  const calls = events.flatMap((event) => (event.type === "toolCall" ? [event.call] : []));
  return { text, calls, given: events.flatMap((event) => (event.type === "finish" ? [event.given] : []))[0] };
}
