import { askModel } from "@soma/sdk/ask-model";
import { callTool } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";

/** Looks a subject up in a place that fails now and then, and sums up what it found. */
export default graph("research", 1, { found: replaced(""), answer: replaced("") })
  .node(
    "search",
    callTool("search_library", {
      args: (_state, { run }) => ({ subject: String(run.input.text) }),
      into: (output) => ({ found: output }),
      tries: 4,
    }),
  )
  .node(
    "sum_up",
    askModel({ ask: ({ found }) => `Sum up in one sentence: ${found}`, into: (text) => ({ answer: text }) }),
  )
  .edge("search", "sum_up")
  .build(({ answer }) => answer);
