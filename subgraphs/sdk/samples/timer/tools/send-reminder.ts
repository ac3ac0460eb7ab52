import { defineTool, Type } from "@soma/sdk/define-tool";

export default defineTool({
  name: "send_reminder",
  version: "1",
  description: "Sends a reminder.",
  input: Type.Object({ text: Type.String(), number: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 4_096,
  run: ({ text, number }) => `${number}: ${text}`,
});
