import { callTool } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";
import type { Paying } from "../calls/payment.ts";
import type { Fault } from "../ledger/lose-answer.ts";
import { toOrder } from "../ledger/order.ts";

/** Pays under a key, and pays again under the same one when the answer is lost. */
export default graph(
  "torture_idempotent",
  1,
  { order: replaced(""), fault: replaced<Fault>("none"), how: replaced("") },
  { begin: toOrder },
)
  .node(
    "pay",
    callTool<Paying>("pay_by_key", {
      args: ({ order, fault }) => ({ order, fault }),
      into: () => ({ how: "paid" }),
      tries: 6,
    }),
  )
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }) })
  .edge("pay", "end")
  .build(({ how }) => how);
