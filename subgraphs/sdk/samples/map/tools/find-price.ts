import { defineTool, Type } from "@soma/sdk/define-tool";

export default defineTool({
  name: "find_price",
  version: "1",
  description: "Says what an item costs.",
  input: Type.Object({ item: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 64,
  run: ({ item }) => String(item.length),
});
