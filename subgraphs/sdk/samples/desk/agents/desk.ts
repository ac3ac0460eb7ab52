import { approval } from "@soma/sdk/approval";
import { askModel } from "@soma/sdk/ask-model";
import { parallel } from "@soma/sdk/branches";
import { callTool } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";

const trace = graph("desk-trace", 1, { at: replaced("") })
  .node("find", callTool("find_parcel", { args: (_, { run }) => ({ letter: run.input.text }), into: (at) => ({ at }) }))
  .build(({ at }) => at);

const hear = graph("desk-hear", 1, { mood: replaced("") })
  .node("read", askModel({ instructions: "Say in one word how the writer feels.", into: (mood) => ({ mood }) }))
  .build(({ mood }) => mood);

/** Two branches look into a letter at the same time, the model answers it, and a person lets the answer go out. */
export default graph("desk", 1, { known: replaced(""), reply: replaced(""), answer: replaced("") })
  .node(
    "look",
    parallel({
      branches: { trace: { graph: trace }, hear: { graph: hear } },
      join: ({ trace, hear }) => ({ summary: "looked", patch: { known: `${trace.at}; the writer is ${hear.mood}` } }),
    }),
  )
  .node(
    "write",
    askModel({
      ask: ({ known }, { input }) => `Answer in two sentences: ${input.text} (${known})`,
      into: (reply) => ({ reply }),
    }),
  )
  .node(
    "check",
    approval({ ask: ({ reply }) => ({ question: `Send "${reply}"?` }), approved: () => ({ summary: "approved" }) }),
  )
  .node("send", callTool("send_reply", { args: ({ reply }) => ({ reply }), into: (answer) => ({ answer }) }))
  .edge("look", "write")
  .edge("write", "check")
  .edge("check", "send")
  .build(({ answer }) => answer);
