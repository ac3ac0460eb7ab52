import type { NodeSpec } from "@soma/sdk/node";
import type { AssistantState } from "../assistant-state.ts";

/** The end: what the run answers is the model's last text. */
export const answerNode: NodeSpec<AssistantState> = {
  type: "answer",
  pure: true,
  inputSummary: (state) => `an answer of ${state.answer.length} characters`,
  run: (state) => ({ summary: "Answered", output: { answer: state.answer } }),
};
