import { defineTool, Type } from "@soma/sdk/define-tool";
import { ledgerIn } from "../ledger/ledger.ts";

/** What the bank knows. */
export default defineTool({
  name: "find_payment",
  version: "1",
  description: "Says whether an order was paid for.",
  input: Type.Object({ order: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 1_000,
  maxOutputBytes: 1_024,
  run: ({ order }, { dataDir }) => (ledgerIn(dataDir).isPaid(order) ? "paid" : "not paid"),
});
