import { defineTool } from "@soma/sdk/define-tool";
import { ledgerIn } from "../ledger/ledger.ts";
import { loseAnswer } from "../ledger/lose-answer.ts";
import { OrderInput } from "../ledger/order.ts";

/** Pays once for an order: the order is the key, so that to be asked again changes nothing. */
export default defineTool({
  name: "pay_by_key",
  version: "1",
  description: "Pays for an order, once.",
  input: OrderInput,
  risk: "medium",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  async run({ order, fault }, { dataDir, signal }) {
    const times = ledgerIn(dataDir).pay(order, order);
    await loseAnswer(fault, times, signal);
    return `paid for ${order}`;
  },
});
