import type { NodeSpec } from "@soma/sdk/node";
import type { AssistantState } from "../assistant-state.ts";

export type Way = "policy" | "model" | "remember";

/** Where the assistant goes next: to the next pending call, back to the model with the results, or on to its end. */
export function chooseWay(state: AssistantState): Way {
  if (state.calls.length > 0) return "policy";
  return state.messages.at(-1)?.role === "tool" ? "model" : "remember";
}

const WORDS: Record<Way, string> = {
  policy: "A tool call has to be decided",
  model: "The model hears the results",
  remember: "The answer is ready",
};

export const branchNode: NodeSpec<AssistantState> = {
  type: "branch",
  pure: true,
  inputSummary: (state) => `${state.calls.length} pending tool calls`,
  run: (state) => ({ summary: WORDS[chooseWay(state)], output: { next: chooseWay(state) } }),
};
