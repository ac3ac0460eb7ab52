/** A process that runs code in a child process, `run-code.ts CODE`, and prints what the code writes. */
import { writeSync } from "node:fs";
import { createSilentLog } from "@soma/shared/log";
import { createGuard } from "../sandboxes/guard.ts";
import { createProcessExecutor } from "../sandboxes/process-executor.ts";
import { codeRun } from "../tools/code-run.ts";
import { aContext } from "./context.ts";

await createProcessExecutor(createGuard(createSilentLog())).execute({
  tool: codeRun,
  args: { code: process.argv[2] },
  context: aContext(),
  timeoutMs: 60_000,
  signal: new AbortController().signal,
  onOutput(text) {
    writeSync(1, text);
    return true;
  },
  log: createSilentLog(),
});
