import { atMostOnce } from "@soma/sdk/at-most-once";
import { graph, replaced } from "@soma/sdk/graph";
import { type Paying, pay } from "../calls/payment.ts";
import type { Fault } from "../ledger/lose-answer.ts";
import { toOrder } from "../ledger/order.ts";

/** Pays at most once; when it is not known whether it did, a person is asked. */
export default graph(
  "torture_asked",
  1,
  { order: replaced(""), fault: replaced<Fault>("none"), how: replaced("") },
  { begin: toOrder },
)
  .node(
    "pay",
    atMostOnce<Paying>({
      type: "payment",
      // Twice the limit of the tool.
      openMs: 2_000,
      retry: { maxAttempts: 20, initialMs: 50, maxMs: 500 },
      summary: ({ order }) => `paying for ${order}`,
      run: pay,
      done: ({ decidedBy }) => ({ summary: `paid, says ${decidedBy}`, patch: { how: "told" } }),
    }),
  )
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }) })
  .edge("pay", "end")
  .build(({ how }) => how);
