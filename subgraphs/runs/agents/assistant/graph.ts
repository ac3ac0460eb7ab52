import { graph } from "@soma/sdk/graph";
import { assistantChannels } from "./assistant-state.ts";
import { answerNode } from "./nodes/answer.ts";
import { branchNode, chooseWay } from "./nodes/branch.ts";
import { modelNode } from "./nodes/model.ts";
import { policyNode } from "./nodes/policy.ts";
import { recallNode } from "./nodes/recall.ts";
import { rememberNode } from "./nodes/remember.ts";
import { summarizeNode } from "./nodes/summarize.ts";
import { toolNode } from "./nodes/tool.ts";

/** recall > model > (policy > tool)* > remember > [summarize >] answer. */
const assistant = graph("assistant", 1, assistantChannels)
  .node("recall", recallNode)
  .node("model", modelNode)
  .node("branch", branchNode)
  .node("policy", policyNode)
  .node("tool", toolNode)
  .node("remember", rememberNode)
  .node("summarize", summarizeNode)
  .node("answer", answerNode)
  .edge("recall", "model")
  .edge("model", "branch")
  .when("branch", ["policy", "model", "remember"], chooseWay)
  .when("policy", ["tool", "branch"], (state) => (state.allowed ? "tool" : "branch"))
  .edge("tool", "branch")
  .when("remember", ["summarize", "answer"], (state) => (state.summaryDue === true ? "summarize" : "answer"))
  .edge("summarize", "answer")
  // Before there were summaries: none is due in what such a run recalled.
  .compatibleWith("assistant@1#056b6cec354d7d01")
  .build((state) => state.answer);

export default assistant;
