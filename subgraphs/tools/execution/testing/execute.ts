import type { Tool } from "@soma/sdk/define-tool";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import { createSilentLog } from "@soma/shared/log";
import type { Outcome } from "../../domain/invocation.ts";
import { createGuard } from "../sandboxes/guard.ts";
import { inlineExecutor } from "../sandboxes/inline-executor.ts";
import { createProcessSandbox } from "../sandboxes/process/process-sandbox.ts";
import { createProcessExecutor } from "../sandboxes/process-executor.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import type { Execution } from "../sandboxes/tool-executor.ts";

const guard = createGuard(createSilentLog());
const plain = createProcessSandbox(undefined);

/** Runs a tool once in the executor of its isolation, and gives its outcome and what it wrote. */
export async function execute(
  tool: Tool,
  args: unknown,
  { sandbox = plain, ...changes }: Partial<Execution> & { sandbox?: Sandbox } = {},
): Promise<{ outcome: Outcome; output: string; parts: string[] }> {
  const parts: string[] = [];
  const onOutput = (text: string): boolean => {
    parts.push(text);
    return parts.reduce((sum, part) => sum + part.length, 0) <= tool.maxOutputBytes;
  };
  const execution = {
    tool,
    args,
    context: aToolContext(),
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    onOutput,
    log: createSilentLog(),
    ...changes,
  };
  const executor = tool.isolation === "none" ? inlineExecutor : createProcessExecutor(guard, sandbox);
  const outcome = await executor.execute(execution);
  return { outcome, output: parts.join(""), parts };
}
