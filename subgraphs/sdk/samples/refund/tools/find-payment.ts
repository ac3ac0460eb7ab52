import { defineTool, Type } from "@soma/sdk/define-tool";

export default defineTool({
  name: "find_payment",
  version: "1",
  description: "Says what was paid for an order.",
  input: Type.Object({ order: Type.String({ pattern: "^[A-Z]-[0-9]+$" }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 4_096,
  run: ({ order }) => `${order}: paid 40`,
});
