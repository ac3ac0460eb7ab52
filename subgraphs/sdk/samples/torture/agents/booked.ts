import { callOnce } from "@soma/sdk/call-tool";
import { graph, replaced } from "@soma/sdk/graph";
import { inDatabase } from "@soma/sdk/in-database";
import { StepError } from "@soma/sdk/step-error";
import { keyOf, type Paying } from "../calls/payment.ts";
import type { Fault } from "../ledger/lose-answer.ts";
import { toOrder } from "../ledger/order.ts";

/** Pays in a table of the project, and loses the answer of a tool before that is committed. */
export default graph(
  "torture_booked",
  1,
  { order: replaced(""), fault: replaced<Fault>("none"), how: replaced("") },
  { begin: toOrder },
)
  .node(
    "pay",
    inDatabase<Paying>({
      type: "payment",
      retry: { maxAttempts: 20, initialMs: 50, maxMs: 500 },
      summary: ({ order }) => `paying for ${order}`,
      async run({ order, fault }, sql, context) {
        await sql`insert into payment ("order") values (${order})`;
        const price = { name: "find_price", args: { order, fault }, idempotencyKey: keyOf("price", context) };
        const { failure } = await callOnce(price, context);
        if (failure !== undefined) throw new StepError("STEP_FAILED", `find_price ended ${failure.status}`);
        return { summary: `paid for ${order}`, patch: { how: "paid" } };
      },
    }),
  )
  .node("end", { type: "answer", pure: true, run: () => ({ summary: "answered" }) })
  .edge("pay", "end")
  .build(({ how }) => how);
