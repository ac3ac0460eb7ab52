import type { NodeSpec } from "../graph.ts";
import type { AssistantState } from "./assistant-state.ts";

/** The end: what the run answers is the model's last text. */
export const answerNode: NodeSpec<AssistantState> = {
  type: "answer",
  pure: true,
  run: (state) => ({ summary: "Answered", output: { answer: state.answer } }),
};
