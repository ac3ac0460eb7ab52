import { defineTool, Type } from "@soma/sdk/define-tool";

export default defineTool({
  name: "order_events",
  version: "1",
  description: "Lists what happened to an order, newest last.",
  input: Type.Object({ id: Type.String({ pattern: "^[A-Z]-[0-9]+$" }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 4_096,
  run: ({ id }) => `${id} was ordered\n${id} was packed`,
});
