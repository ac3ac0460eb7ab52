import { defineTool, Type } from "@soma/sdk/define-tool";

/** Changes nothing; what a run may call is used up with it. */
export default defineTool({
  name: "look",
  version: "1",
  description: "Looks at an order.",
  input: Type.Object({ order: Type.String({ maxLength: 100 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 5_000,
  maxOutputBytes: 1_024,
  run: ({ order }) => `${order} is open`,
});
