import { defineTool, Type } from "@soma/sdk/define-tool";

/** A real one hands `idempotencyKey` to the bank, which then pays once, however often it is asked. */
export default defineTool({
  name: "pay_back",
  version: "1",
  description: "Pays an amount back to the customer.",
  input: Type.Object({ amount: Type.Number({ exclusiveMinimum: 0 }) }, { additionalProperties: false }),
  risk: "medium",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 5_000,
  maxOutputBytes: 4_096,
  run: ({ amount }) => `${amount} paid back`,
});
