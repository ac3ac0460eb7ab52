import { defineTool } from "@soma/sdk/define-tool";
import { ledgerIn } from "../ledger/ledger.ts";
import { loseAnswer } from "../ledger/lose-answer.ts";
import { OrderInput } from "../ledger/order.ts";

/** Pays each time it is called: there is no key, so nobody may call it again who does not know what became of it. */
export default defineTool({
  name: "pay_once",
  version: "1",
  description: "Pays for an order.",
  input: OrderInput,
  risk: "medium",
  effect: "at_most_once",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  async run({ order, fault }, { dataDir, signal }) {
    const times = ledgerIn(dataDir).pay(order, null);
    await loseAnswer(fault, times, signal);
    return `paid for ${order}`;
  },
});
