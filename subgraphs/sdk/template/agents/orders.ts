import { askModel, callTools, wantsTools } from "@soma/sdk/ask-model";
import { appended, graph, replaced } from "@soma/sdk/graph";
import type { ChatMessage } from "@soma/sdk/model-client";

/** Answers questions about orders: the model asks for tools until it knows enough. */
export default graph("orders", 1, { talk: appended<ChatMessage>(), answer: replaced("") })
  .node(
    "ask",
    askModel({
      instructions: "Answer questions about orders. Look an order up before you say anything of it.",
      tools: ["find_order", "order_events"],
      into: (text) => ({ answer: text }),
    }),
  )
  .node("call", callTools())
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "Answered" }) })
  .when("ask", ["call", "end"], (state) => (wantsTools(state) ? "call" : "end"))
  .when("call", ["call", "ask"], (state) => (wantsTools(state) ? "call" : "ask"))
  .build((state) => state.answer);
