import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { defineTool, ToolError, Type } from "@soma/sdk/define-tool";

/** Pays each time it is called, and writes that down; the answer may be lost. */
export default defineTool({
  name: "pay",
  version: "1",
  description: "Pays for an order.",
  input: Type.Object(
    { order: Type.String({ maxLength: 100 }), isLost: Type.Optional(Type.Boolean()) },
    { additionalProperties: false },
  ),
  risk: "medium",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 5_000,
  maxOutputBytes: 1_024,
  async run({ order, isLost = false }, { dataDir }) {
    await appendFile(join(dataDir, "paid.txt"), `${order}\n`);
    if (isLost) throw new ToolError("answer_lost", "it was paid, and the answer was lost");
    return `paid for ${order}`;
  },
});
