import { callTool } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";
import { toOrder } from "../ledger/order.ts";

/** Asks for a price; what is asked changes nothing, so it is asked again when the answer is lost. */
export default graph(
  "torture_pure",
  1,
  { order: replaced(""), fault: replaced("none"), price: replaced("") },
  { begin: toOrder },
)
  .node(
    "find",
    callTool("find_price", {
      args: ({ order, fault }) => ({ order, fault }),
      into: (price) => ({ price }),
      tries: 6,
    }),
  )
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }) })
  .edge("find", "end")
  .build(({ price }) => (price === "40" ? "asked" : `the price is "${price}"`));
