import { defineTool, Type } from "@soma/sdk/define-tool";

/** A real one hands `idempotencyKey` to the mail service, which then sends once, however often it is asked. */
export default defineTool({
  name: "send_reply",
  version: "1",
  description: "Sends an answer to the writer of a letter.",
  input: Type.Object({ reply: Type.String({ minLength: 1, maxLength: 10_000 }) }, { additionalProperties: false }),
  risk: "medium",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 5_000,
  maxOutputBytes: 16_384,
  run: ({ reply }) => `sent: ${reply}`,
});
