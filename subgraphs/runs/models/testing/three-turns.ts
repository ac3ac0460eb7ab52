import type { JsonObject } from "@soma/schemas/json";
import type { ChatMessage, ModelClient } from "@soma/sdk/model-client";
import { type TestedRun, testAgent } from "@soma/sdk/test-agent";
import type { AssistantState } from "../../agents/assistant/assistant-state.ts";
import assistant from "../../agents/assistant/graph.ts";
import type { ModelAnswer } from "./wire-stream.ts";

const TURNS: readonly ModelAnswer["toolCalls"][] = [
  [{ name: "calculate", arguments: '{"expression":"37*12"}' }],
  [
    { name: "calculate", arguments: '{"expression":"444+1"}' },
    { name: "remember", arguments: '{"text":"the sum is 445"}' },
  ],
];

/**
 * For `answer` of a server: a model that calls one tool, then two at once, and then says what it heard of each, by the
 * ids of its calls. Who loses or mixes anything on the way gets another answer.
 */
export function threeTurns(messages: readonly ChatMessage[]): ModelAnswer {
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1);
  const asked = turn.filter((message) => message.role === "assistant");
  const toolCalls = TURNS[asked.length];
  if (toolCalls !== undefined) return { text: "One moment.", toolCalls };
  return {
    text: asked.flatMap((message, at) => heardOf(message, turn.slice(turn.indexOf(message)), at)).join(", "),
    toolCalls: [],
  };
}

function heardOf(message: ChatMessage, after: readonly ChatMessage[], turn: number): string[] {
  const calls = message.role === "assistant" ? (message.toolCalls ?? []) : [];
  return calls.map(({ id, name }) => {
    const told = after.find((said) => said.role === "tool" && said.toolCallId === id);
    const { output, status } = JSON.parse(told?.content ?? "{}") as { output?: string; status?: string };
    return `${turn + 1}: ${name} ${output === undefined || output === "" ? status : output}`;
  });
}

/** What the assistant answers then. */
export const HEARD = "1: calculate 444, 2: calculate 445, 2: remember remembered: the sum is 445";

/** The assistant as it ships, with this model and with tools of its own, in memory: the clock jumps over every wait. */
export function assist(model: ModelClient, text = "How much is it?"): Promise<TestedRun<AssistantState>> {
  const calculate = ({ expression }: JsonObject): string => (expression === "37*12" ? "444" : "445");
  return testAgent(assistant, { input: text, model, tools: { calculate: calculate as (args: object) => string } });
}
