import type { ToolContext } from "@soma/sdk/define-tool";
import { evaluate } from "./quickjs.ts";

/** What the child process of code_run loads: the tool's work without the tool's schema. */
export default {
  async run({ code }: { code: string }, { emit }: Pick<ToolContext, "emit">): Promise<undefined> {
    await evaluate(code, emit);
  },
};
