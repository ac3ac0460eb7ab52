import { defineTool } from "@soma/sdk/define-tool";
import { ledgerIn } from "../ledger/ledger.ts";
import { loseAnswer } from "../ledger/lose-answer.ts";
import { OrderInput } from "../ledger/order.ts";

/** Changes nothing, so it may be asked again as often as it takes. */
export default defineTool({
  name: "find_price",
  version: "1",
  description: "Says what an order costs.",
  input: OrderInput,
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  async run({ order, fault }, { dataDir, signal }) {
    const times = ledgerIn(dataDir).ask(order);
    await loseAnswer(fault, times, signal);
    return "40";
  },
});
