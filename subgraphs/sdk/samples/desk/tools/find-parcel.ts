import { defineTool, ToolError, Type } from "@soma/sdk/define-tool";

export default defineTool({
  name: "find_parcel",
  version: "1",
  description: "Says where the parcel is that a letter speaks of.",
  input: Type.Object({ letter: Type.String({ maxLength: 10_000 }) }, { additionalProperties: false }),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 4_096,
  run({ letter }) {
    const [parcel] = /\bP-\d+\b/.exec(letter) ?? [];
    if (parcel === undefined) throw new ToolError("no_parcel", "the letter names no parcel");
    return `${parcel} left Hamburg on Monday`;
  },
});
