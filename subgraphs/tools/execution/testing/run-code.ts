/** A process that runs code in a child process, `run-code.ts CODE`, and prints what the code writes. */
import { writeSync } from "node:fs";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import { createSilentLog } from "@soma/shared/log";
import { createGuard } from "../sandboxes/guard.ts";
import { createProcessSandbox } from "../sandboxes/process/process-sandbox.ts";
import { createProcessExecutor } from "../sandboxes/process-executor.ts";
import codeRun from "../tools/code-run.ts";

await createProcessExecutor(createGuard(createSilentLog()), createProcessSandbox(undefined)).execute({
  tool: codeRun,
  args: { code: process.argv[2] },
  context: aToolContext(),
  timeoutMs: 60_000,
  signal: new AbortController().signal,
  onOutput(text) {
    writeSync(1, text);
    return true;
  },
  log: createSilentLog(),
});
