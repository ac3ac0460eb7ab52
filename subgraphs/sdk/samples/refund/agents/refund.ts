import { approval } from "@soma/sdk/approval";
import { askModel, callTools, wantsTools } from "@soma/sdk/ask-model";
import { callTool } from "@soma/sdk/call-tool";
import { appended, graph, replaced } from "@soma/sdk/graph";
import type { ChatMessage } from "@soma/sdk/model-client";

/** The model finds out what is owed, a person approves or refuses, and only then money moves. */
export default graph("refund", 1, {
  talk: appended<ChatMessage>(),
  amount: replaced(0),
  approvedBy: replaced(""),
  answer: replaced(""),
})
  .node(
    "find",
    askModel({
      instructions: "Find out how much the customer paid. Answer with the amount alone.",
      tools: ["find_payment"],
      into: (text) => ({ amount: Number(/\d+/.exec(text)?.[0] ?? 0) }),
    }),
  )
  .node("call", callTools())
  .node(
    "approved",
    approval({
      ask: ({ amount }) => ({ question: `Pay ${amount} back?` }),
      approved: ({ decidedBy }) => ({ summary: "approved", patch: { approvedBy: decidedBy } }),
      refused: ({ decidedBy }) => ({ denied: true, summary: "refused", patch: { answer: `${decidedBy} refused` } }),
    }),
  )
  .node(
    "pay",
    callTool("pay_back", {
      args: ({ amount }) => ({ amount }),
      into: (output) => ({ answer: output }),
      otherwise: ({ reason }) => ({ answer: `Nothing was paid back: ${reason}` }),
    }),
  )
  .when("find", ["call", "approved"], (state) => (wantsTools(state) ? "call" : "approved"))
  .when("call", ["call", "find"], (state) => (wantsTools(state) ? "call" : "find"))
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }) })
  .when("approved", ["pay", "end"], ({ approvedBy }) => (approvedBy === "" ? "end" : "pay"))
  .edge("pay", "end")
  .build(({ answer }) => answer);
