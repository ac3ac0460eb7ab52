import { defineTool, Type } from "@soma/sdk/define-tool";

/** Stands for the database of a shop. */
const ORDERS: Readonly<Record<string, string>> = { "A-17": "sent on Monday", "B-4": "waits for its payment" };

export default defineTool({
  name: "find_order",
  version: "1",
  description: "Says how an order stands, by its id such as A-17.",
  input: Type.Object({ id: Type.String({ pattern: "^[A-Z]-[0-9]+$" }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 4_096,
  run: ({ id }) => `${id}: ${ORDERS[id] ?? "unknown"}`,
});
