import { defineTool, ToolError, Type } from "@soma/sdk/define-tool";

let asked = 0;

/** Stands for a service that fails every other time. */
export default defineTool({
  name: "search_library",
  version: "1",
  description: "Finds what the library has on a subject.",
  input: Type.Object({ subject: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 5_000,
  maxOutputBytes: 16_384,
  run({ subject }) {
    asked += 1;
    if (asked % 2 === 1) throw new ToolError("closed", "the library is closed; ask again");
    return `All that is known about ${subject}.`;
  },
});
