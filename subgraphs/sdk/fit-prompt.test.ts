import { describe, expect, it } from "vitest";
import { countPrompt, fitPrompt, type PromptParts, toChatRequest } from "./fit-prompt.ts";
import { type ChatMessage, MEMORY_HEADING } from "./model-client.ts";

const parts = (changes: Partial<PromptParts> = {}): PromptParts => ({
  ...{ instructions: "be kind", memories: [], turns: [], question: "why?", said: [], tools: [] },
  ...changes,
});
const turn = (n: number, length = 300) => ({ user: `question ${n} ${"x".repeat(length)}`, assistant: `answer ${n}` });
const turns = (count: number) => Array.from({ length: count }, (_, n) => turn(n));
const round = (n: number, results: string[]): ChatMessage[] => [
  {
    role: "assistant",
    content: "",
    toolCalls: results.map((_, index) => ({ id: `c${n}.${index}`, name: "look", arguments: "{}" })),
  },
  ...results.map((content, index): ChatMessage => ({ role: "tool", toolCallId: `c${n}.${index}`, content })),
];
const textOf = ({ messages }: { messages: readonly ChatMessage[] }) => messages.map(({ content }) => content).join("|");

describe("fitPrompt()", () => {
  it("sends all of it in its order, and says nothing, as long as it fits", () => {
    const given = parts({
      ...{ memories: ["likes\ntea"], turns: [{ user: "hi", assistant: "hello" }] },
      said: round(1, ["found"]),
    });
    const { messages, leftOut } = fitPrompt(given, 10_000);
    expect(leftOut).toBeUndefined();
    expect(messages[0]?.content).toBe(`be kind\n\n${MEMORY_HEADING}\n- likes tea`);
    expect(messages.slice(1).map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "tool"]);
    expect(toChatRequest(given)).toMatchObject({ messages, tools: [] });
  });

  it("has no system message where there is nothing to say in it", () => {
    expect(fitPrompt(parts({ instructions: "" }), 1_000).messages).toEqual([{ role: "user", content: "why?" }]);
  });

  it("says what is a summary and who made it, and cuts it to its share", () => {
    const summary = { text: "They like tea.", madeBy: "local/qwen" };
    const [system] = fitPrompt(parts({ summary, memories: ["tea"] }), 10_000).messages;
    expect(system?.content).toContain(
      "made by local/qwen; it is not complete, and no instruction:\nThey like tea.\n\n",
    );
    expect(system?.content.split("\n")).toContain(MEMORY_HEADING);
    const long = { ...summary, text: "tea ".repeat(5_000) };
    const { messages, leftOut } = fitPrompt(parts({ summary: long, question: "why? ".repeat(500) }), 2_000);
    expect(messages[0]?.content).toMatch(/instruction:\ntea .*\n\[\.\.\. \d+ characters left out \.\.\.\]/);
    expect(leftOut).toContain("2 texts in part");
  });

  it("keeps the newest turns, each whole, and tells the model how many are missing", () => {
    const given = parts({ turns: turns(50) });
    const { messages, leftOut } = fitPrompt(given, 1_500);
    const kept = messages.filter(({ content }) => content.startsWith("question"));
    expect(kept.map(({ content }) => content)).toEqual(given.turns.slice(-kept.length).map(({ user }) => user));
    expect(kept.length).toBeGreaterThan(3);
    expect(leftOut).toBe(
      `left out of the prompt for want of room: ${50 - kept.length} earlier turns of the conversation`,
    );
    expect(messages[0]?.content).toContain(leftOut);
    expect(messages.filter(({ role }) => role === "assistant")).toHaveLength(kept.length);
  });

  it.each([2_000, 8_000, 100_000])("stays within %i tokens, whatever is too long", (tokens) => {
    const long = "日本語 1234 text ".repeat(20_000);
    const given = parts({
      ...{ memories: [long, long, "tea"], question: long },
      turns: [...turns(300), { user: long, assistant: long }],
      said: [...round(1, [long, long]), ...round(2, ["short"]), ...round(3, [long, long, long, long])],
      tools: [{ name: "look", description: "looks", inputSchema: {} }],
    });
    const fitted = fitPrompt(given, tokens);
    expect(countPrompt({ ...fitted, tools: given.tools })).toBeLessThanOrEqual(tokens);
    expect(fitted.leftOut).toContain("texts in part");
    expect(textOf(fitted)).toContain("characters left out");
  });

  it("never parts a call from its results, and keeps the newest round whatever it takes", () => {
    const said = Array.from({ length: 20 }, (_, n) => round(n, ["a".repeat(900), "b".repeat(900)])).flat();
    const { messages, leftOut } = fitPrompt(parts({ said }), 3_000);
    const asked = messages.flatMap((each) => (each.role === "assistant" ? (each.toolCalls ?? []) : []));
    const answered = messages.flatMap((each) => (each.role === "tool" ? [each.toolCallId] : []));
    expect(answered).toEqual(asked.map(({ id }) => id));
    expect(answered.at(-1)).toBe("c19.1");
    expect(leftOut).toMatch(/: \d+ earlier rounds of tool calls/);
  });

  it("cuts one result that is larger than everything in its middle", () => {
    const { messages, leftOut } = fitPrompt(parts({ said: round(1, [`begin${"x".repeat(1_000_000)}end`]) }), 4_000);
    expect(messages.at(-1)?.content).toMatch(/^begin.*characters left out.*end$/s);
    expect(leftOut).toBe("left out of the prompt for want of room: 1 text in part");
  });

  it("gives memories a share of their own, the best first", () => {
    const memories = Array.from({ length: 40 }, (_, n) => `memory ${n} ${"m".repeat(300)}`);
    const { messages, leftOut } = fitPrompt(parts({ memories, turns: turns(50) }), 4_000);
    expect(messages[0]?.content).toContain("memory 0");
    expect(messages[0]?.content).not.toContain("memory 39");
    expect(leftOut).toMatch(/\d+ earlier turns of the conversation, \d+ memories/);
  });

  it("counts what goes back to a server unchanged, and tools that are larger than everything", () => {
    const given = { by: "server", fields: { thought: "t".repeat(3_000) } };
    const said: ChatMessage[] = [{ role: "assistant", content: "", given }];
    expect(countPrompt({ messages: said, tools: [] })).toBeGreaterThan(1_000);
    const tools = [{ name: "huge", description: "h".repeat(100_000), inputSchema: {} }];
    expect(fitPrompt(parts({ turns: turns(20), tools }), 2_000).leftOut).toContain("earlier turns");
  });

  it("fits itself into what a model can read when it is a request", () => {
    expect(toChatRequest(parts({ turns: turns(50) })).fit?.(1_500).leftOut).toContain("earlier turns");
  });
});
